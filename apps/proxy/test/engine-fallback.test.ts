import { describe, expect, it } from 'vitest';
import { Program } from './support/program.ts';

/** Has Node load no addon of koffi's, as from a folder that is mounted noexec. */
const NOEXEC = `--import=data:text/javascript,${encodeURIComponent(`
const { dlopen } = process;
process.dlopen = (module, file, ...rest) => {
  if (file.includes('koffi')) throw new Error(file + ': failed to map segment from shared object');
  return dlopen.call(process, module, file, ...rest);
};
`)}`;
const LOCAL = ['serve', '--data-bind', '127.0.0.1:0', '--open', '--http-bind', '127.0.0.1:0', '--log-format', 'json'];
const WHY = /koffi may not be loaded from its folder: that is probably mounted noexec/;

describe.skipIf(process.platform !== 'linux')('a node whose batch engine cannot be loaded', () => {
  it('warns once, names the cause, and says so in /health as long as it runs', async () => {
    const program = new Program(LOCAL, { env: { NODE_OPTIONS: NOEXEC } });
    const { http } = await program.serving();
    await program.logged('packets move one by one');
    const warnings = program.log.filter(({ level, msg }) => level === 40 && String(msg).includes('batch engine'));
    expect(warnings).toEqual([expect.objectContaining({ msg: expect.stringMatching(WHY) as string })]);
    const health: unknown = await (await fetch(`${String(http)}/health`)).json();
    expect(health).toMatchObject({ engine: { kind: 'portable', fell_back: true, reason: expect.stringMatching(WHY) as string } });
  });

  it('does not start where the batch engine was asked for', async () => {
    const program = new Program([...LOCAL, '--io', 'batch'], { env: { NODE_OPTIONS: NOEXEC } });
    expect(await program.ended).toEqual({ code: 1, signal: null });
    expect(program.stderr).toMatch(WHY);
  });
});
