import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ControlGroups } from '../src/helper/control-groups.ts';
import { KnownProcess } from '../src/helper/known-process.ts';

const UID = 64_902;
const slice = `lightspeed-test-numbers-${process.pid}.slice`;
const canRun = process.getuid?.() === 0 && ControlGroups.find(slice) !== undefined;
const moduleOf = (name: string) => JSON.stringify(new URL(`../src/helper/${name}.ts`, import.meta.url).href);

/** Asks for a game, which ends; another program of the same user gets its number. */
const SCRIPT = `
  import { spawn } from 'node:child_process';
  import { once } from 'node:events';
  import { readFileSync, writeFileSync } from 'node:fs';
  import { ControlGroups } from ${moduleOf('control-groups')};
  import { KnownProcess } from ${moduleOf('known-process')};
  const start = () => spawn('sleep', ['60'], { uid: ${UID}, gid: ${UID} });
  const end = async (program) => { const over = once(program, 'exit'); program.kill('SIGKILL'); await over; };
  const tick = (pid) => readFileSync('/proc/' + pid + '/stat', 'utf8').split(' ')[21];
  const game = start();
  const known = new KnownProcess(game.pid);
  const began = tick(game.pid);
  await end(game);
  let other;
  do {
    if (other !== undefined) await end(other);
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(game.pid - 1));
    other = start();
  } while (other.pid !== game.pid || tick(other.pid) === began);
  const groups = ControlGroups.find(${JSON.stringify(slice)});
  const group = groups.take(${UID});
  let said = 'placed';
  try { groups.place(known, ${UID}, group); } catch (error) { said = error.message; }
  console.log(JSON.stringify({ said: said.replace(game.pid, 'N'), members: readFileSync(group + '/cgroup.procs', 'utf8') }));
  await end(other);
  groups.removeAll();
  process.exit();`;

describe.skipIf(!canRun)('a process that was asked for', () => {
  it('is not taken for another one that has got its number', async () => {
    const words = ['--pid', '--fork', '--mount-proc', process.execPath, '--input-type=module', '--eval', SCRIPT];
    const { stdout } = await promisify(execFile)('unshare', words);
    expect(JSON.parse(stdout)).toEqual({ said: 'process N has ended', members: '' });
  });

  it('is its owner’s alone, and root’s', () => {
    const own = new KnownProcess(process.pid);
    expect(own.parent).toBe(process.ppid);
    expect(() => own.requireSame()).not.toThrow();
    expect(() => own.requireOwner(0)).not.toThrow();
    expect(() => own.requireOwner(UID)).toThrow(/is not yours/);
  });
});
