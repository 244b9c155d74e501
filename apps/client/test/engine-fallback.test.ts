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
