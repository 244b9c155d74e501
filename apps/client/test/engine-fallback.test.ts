import { describe, expect, it } from 'vitest';
import { Running } from './support/command.ts';
import { TestNode } from './support/test-node.ts';

/** Has Node load no addon of koffi's, as from a folder that is mounted noexec. */
const NOEXEC = `--import=data:text/javascript,${encodeURIComponent(`
const { dlopen } = process;
process.dlopen = (module, file, ...rest) => {
  if (file.includes('koffi')) throw new Error(file + ': failed to map segment from shared object');
  return dlopen.call(process, module, file, ...rest);
};
`)}`;
const WHY = /koffi may not be loaded from its folder: that is probably mounted noexec/;

describe.skipIf(process.platform !== 'linux')('a client whose batch engine cannot be loaded', () => {
  it('plays all the same, and warns once with the cause', async () => {
    await using node = await TestNode.start();
    const program = new Running(['play', '--open', '--node', node.name, '--game-server', '127.0.0.1:9'], { NODE_OPTIONS: NOEXEC });
    await program.printed('connected');
    program.signal('SIGINT');
    const { code, stderr } = await program.ended();
    expect(code).toBe(0);
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(WHY)]);
  });

  const identity = ['--open', '--node', '127.0.0.1:9'];

  it('starts the game of run without catching it, says why, and ends with its exit code', async () => {
    const game = ['/bin/sh', '-c', 'echo plays; exit 3'];
    const { code, stdout, stderr } = await new Running(['run', ...identity, '--', ...game], { NODE_OPTIONS: NOEXEC }).ended();
    expect({ code, stdout }).toEqual({ code: 3, stdout: 'plays\n' });
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^lightspeed: nothing can be caught without the batch engine \(koffi may not be loaded .*lightspeed socks/),
      'lightspeed: the game goes on without LightSpeed',
    ]);
  });

  it.each([
    ['gateway', '--lan', 'eth0'],
    ['catch', '--pid', String(process.pid)],
  ])('refuses %s in one line', async (...words) => {
    const { code, stdout, stderr } = await new Running([...words, ...identity], { NODE_OPTIONS: NOEXEC }).ended();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^lightspeed: nothing can be caught without the batch engine \(koffi may not be loaded .*\): games that .*\n$/);
  });

  it('shows it on the live page and by status', async () => {
    await using node = await TestNode.start();
    const state = { NODE_OPTIONS: NOEXEC };
    const words = ['play', '--open', '--node', node.name, '--game-server', '127.0.0.1:9', '--page', '127.0.0.1:0'];
    const program = new Running(words, state);
    await program.printed('connected');
    const { stdout } = await new Running(['status'], state).ended();
    program.signal('SIGINT');
    await program.ended();
    expect(stdout).toMatch(/^note: datagrams move one by one, which costs more: .*koffi may not be loaded/m);
  });

  it('hears it from doctor as what does not work', async () => {
    const program = new Running(['doctor', '--json'], { NODE_OPTIONS: NOEXEC });
    const { stdout } = await program.ended();
    const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: unknown[] };
    expect(ok).toBe(false);
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'engine',
        state: 'no',
        found: expect.stringMatching(WHY) as string,
        advice: expect.any(String) as string,
      }),
    );
  });
});

it('nothing is caught with --io portable', async () => {
  const words = ['run', '--open', '--io', 'portable', '--node', '127.0.0.1:9', '--', process.execPath, '-e', 'process.exit(4)'];
  const { code, stderr } = await new Running(words).ended();
  expect(code).toBe(4);
  expect(stderr).toMatch(/^lightspeed: nothing can be caught with --io portable: leave that out\n/);
});

it('run says that a game cannot be started, where it starts it without catching', async () => {
  const words = ['run', '--open', '--io', 'portable', '--node', '127.0.0.1:9', '--', '/nowhere/game'];
  const { code, stderr } = await new Running(words).ended();
  expect(code).toBe(127);
  expect(stderr).toMatch(/\nlightspeed: the game cannot be started: .*ENOENT\n$/);
});
