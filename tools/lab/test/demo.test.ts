import { describe, expect, it } from 'vitest';
import { runProgram } from './support/run-program.ts';

describe.concurrent('the demo', { timeout: 60_000 }, () => {
  it('carries a game and says so', async () => {
    const { code, stdout, stderr } = await runProgram('demo.ts', ['--seconds', '6']);
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /^3 s \| to the server [\d,]+ sent, link lost \d+ of [\d,]+ \(\d+\.\d\d %\), in time [\d,]+, late \d+, out of order \d+, lost/m,
    );
    expect(stdout).toMatch(/8 of 8 bots play/);
    expect(stdout).toMatch(/in time and in order +[\d,]+/);
    expect(stdout).toMatch(/The game was carried\.\n$/);
    expect(code).toBe(0);
  });

  it('gives its result as JSON', async () => {
    const { code, stdout } = await runProgram('demo.ts', [
      '--seconds',
      '3',
      '--bots',
      '4',
      '--loss',
      '10',
      '--protect',
      'repeat:5',
      '--json',
    ]);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ carried: true, bots: 4, joined: 4, corrupted: 0, misdelivered: 0, duplicated: 0 });
    expect(result.toServer.linkLost).toBeGreaterThan(0);
    expect(result.toServer.inTime).toBeGreaterThan(0);
    expect(result.toServer.lost / result.toServer.sent).toBeLessThan(result.toServer.linkLost / result.toServer.linkPackets);
    expect(code).toBe(0);
  });

  it('fails with the reason when everything is lost', async () => {
    const { code, stdout, stderr } = await runProgram('demo.ts', ['--seconds', '6', '--loss', '100']);
    expect(code).toBe(1);
    expect(stdout).not.toContain('was carried');
    expect(stderr).toMatch(/^The game was not carried: no answer from node [^\n]+\n$/);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends with a summary on %s', async (name) => {
    const { code, stdout } = await runProgram('demo.ts', ['--bots', '2'], { signal: { when: /^2 s \|/m, name } });
    expect(stdout).toMatch(/2 of 2 bots play[\s\S]+The game was carried\.\n$/);
    expect(code).toBe(0);
  });

  it('explains itself, and refuses what it does not know', async () => {
    expect(await runProgram('demo.ts', ['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('pnpm start') });
    const refused = await runProgram('demo.ts', ['--bots', '65']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain("--bots: got '65', allowed is a whole number from 1 to 64");
    expect((await runProgram('demo.ts', ['--lots'])).code).toBe(2);
  });
});
