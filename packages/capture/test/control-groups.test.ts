import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { ControlGroups } from '../src/helper/control-groups.ts';
import { KnownProcess } from '../src/helper/known-process.ts';

/** No user of this machine. */
const UID = 64_901;
const isRoot = process.getuid?.() === 0;
const slice = `lightspeed-test-${process.pid}.slice`;
const groups = isRoot ? ControlGroups.find(slice) : undefined;

describe.skipIf(groups === undefined)('control groups of captures', () => {
  const game = spawn('sleep', ['60'], { uid: UID, gid: UID });
  afterAll(async () => {
    const over = new Promise((resolve) => game.once('exit', resolve));
    game.kill('SIGKILL');
    await over;
    expect(groups?.removeAll()).toBe(0);
  });

  it('are used again once a game has gone on to another, and those of other captures stay', () => {
    if (groups === undefined) throw new Error('there are none');
    const other = groups.take(UID);
    const used = new Set<string>();
    for (let captures = 0; captures < 200; captures++) {
      const group = groups.take(UID);
      used.add(group);
      groups.place(new KnownProcess(game.pid ?? 0), UID, group);
      groups.giveBack(group);
    }
    expect(used.size).toBeLessThan(64);
    expect(used).not.toContain(other);
  });

  it('stay when another installation takes its own away', () => {
    const group = groups?.take(UID) ?? '';
    expect(ControlGroups.find(`lightspeed-other-${process.pid}.slice`)?.removeAll()).toBe(0);
    expect(existsSync(group)).toBe(true);
  });

  it('are not more than 64 of a user', () => {
    const all = groups;
    if (all === undefined) throw new Error('there are none');
    const takeOne = () => all.take(UID);
    expect(() => {
      for (let captures = 0; captures < 65; captures++) takeOne();
    }).toThrow(/64 control groups/);
  });
});
