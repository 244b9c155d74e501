import { spawn } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import { ControlGroups } from '../src/helper/control-groups.ts';

/** No user of this machine. */
const UID = 64_901;
const isRoot = process.getuid?.() === 0;
const groups = isRoot ? ControlGroups.find() : undefined;

describe.skipIf(groups === undefined)('control groups of captures', () => {
  const game = spawn('sleep', ['60'], { uid: UID, gid: UID });
  const taken: string[] = [];
  afterAll(async () => {
    const over = new Promise((resolve) => game.once('exit', resolve));
    game.kill('SIGKILL');
    await over;
    for (const group of taken) groups?.giveBack(group);
  });

  it('are used again once a game has gone on to another, and those of other captures stay', () => {
    if (groups === undefined) throw new Error('there are none');
    const other = groups.take(UID);
    const used = new Set<string>();
    for (let captures = 0; captures < 200; captures++) {
      const group = groups.take(UID);
      used.add(group);
      groups.place(game.pid ?? 0, UID, group);
      groups.giveBack(group);
    }
    taken.push(other, ...used);
    expect(used.size).toBeLessThan(64);
    expect(used).not.toContain(other);
  });

  it('are not more than 64 of a user', () => {
    const all = groups;
    if (all === undefined) throw new Error('there are none');
    const takeOne = () => taken.push(all.take(UID));
    expect(() => {
      for (let captures = 0; captures < 65; captures++) takeOne();
    }).toThrow(/64 control groups/);
  });
});
