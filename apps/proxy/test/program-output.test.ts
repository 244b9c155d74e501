import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { nodeConfig } from '@lightspeed/proxy';
import { parseSocketAddress } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { serve } from '../src/cli/serve.ts';
import { Program } from './support/program.ts';
import { testClient, testServer } from './support/scene.ts';
import { temporaryFile } from './support/temporary-file.ts';

const LOCAL = ['serve', '--data-bind', '127.0.0.1:0', '--http-bind', 'off', '--control-bind', 'off', '--log-format', 'json'];

/** The data plane's address as a log entry tells it. */
function dataOf(entry: Readonly<Record<string, unknown>>): { dataAddress: SocketAddress } {
  const dataAddress = parseSocketAddress(String(entry.data));
  if (dataAddress === undefined) throw new Error(`no address in ${JSON.stringify(entry)}`);
  return { dataAddress };
}

describe('lightspeed-proxy', () => {
  it('prints its version', async () => {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(await Program.run('--version')).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  it('explains itself, with examples', async () => {
    const general = await Program.run('--help');
    expect(general).toMatchObject({ code: 0, stderr: '' });
    expect(general.stdout).toContain('lightspeed-proxy serve --data-bind 127.0.0.1:4434 --open');
    const serve = await Program.run('serve', '--help');
    expect(serve).toMatchObject({ code: 0, stderr: '' });
    for (const flag of [
      '--config',
      '--data-bind',
      '--egress-bind',
      '--egress-ports',
      '--http-bind',
      '--open',
      '--allow-open',
      '--allow-destination',
      '--deny-destination',
      '--only-allowed-destinations',
      '--workers',
      '--io',
      '--dialect',
      '--control-bind',
      '--state-dir',
      '--certificate',
      '--private-key',
      '--issuer-key',
      '--revocation-list',
      '--node-id',
      '--region',
      '--check',
      '--log-level',
      '--log-format',
    ]) {
      expect(serve.stdout).toContain(`  ${flag} `);
    }
    expect(serve.stdout).toContain('Examples:');
  });

  it.each([
    [['serve', '--bogus'], "unknown option '--bogus'; see lightspeed-proxy serve --help"],
    [['serve', '--worker', '2'], "unknown option '--worker' (Did you mean --workers?); see lightspeed-proxy serve --help"],
    [['serve', '--opne'], "unknown option '--opne' (Did you mean --open?); see lightspeed-proxy serve --help"],
    [['serve', '--key=x'], "unknown option '--key' (Did you mean --private-key or --issuer-key?); see lightspeed-proxy serve --help"],
    [['ticket', 'revoke', 'x', '--lst', 'y'], "unknown option '--lst' (Did you mean --list?); see lightspeed-proxy ticket revoke --help"],
    [['ticket', 'revoke', 'x'], "required option '--list <FILE>' not specified; see lightspeed-proxy ticket revoke --help"],
    [['ticket', 'inspect'], "missing required argument 'TICKET'; see lightspeed-proxy ticket inspect --help"],
    [['sevre'], "unknown command 'sevre' (Did you mean serve?); see lightspeed-proxy --help"],
    [
      ['stop'],
      "unknown command 'stop'; commands: serve, status, drain, restart, reload, bans, ticket, completion, manual; see lightspeed-proxy --help",
    ],
    [['bans', 'show'], "unknown command 'show'; commands: list, remove; see lightspeed-proxy bans --help"],
    [['serve', '--workers'], "option '--workers <N>' argument missing; see lightspeed-proxy serve --help"],
    [['serve', '--workers', 'x'], '--workers: got "x", allowed is a whole number from 1 to 64'],
    [['serve', 'here'], "too many arguments for 'serve'. Expected 0 arguments but got 1: here; see lightspeed-proxy serve --help"],
  ])('answers %j with what is wrong and exit code 2', async (args, words) => {
    expect(await Program.run(...args)).toEqual({ code: 2, stdout: '', stderr: `lightspeed-proxy: ${words}\n` });
  });

  it('shows its help and fails when it is told nothing', async () => {
    const { code, stdout, stderr } = await Program.run();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: lightspeed-proxy');
  });

  it('refuses to be an open relay for others by mistake', async () => {
    const { code, stdout, stderr } = await Program.run('serve', '--open');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^lightspeed-proxy: --open: a node without authentication relays for anybody .*--allow-open.*\n$/);
  });

  it('checks a configuration without serving', async () => {
    const file = temporaryFile('node.toml', '[server]\nregion = "eu"\n[security]\ndeny_destinations = ["1.2.3.0/24"]\n');
    const { code, stdout, stderr } = await Program.run('serve', '--config', file, '--workers', '3', '--check');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('region = "eu"\n');
    expect(stdout).toContain('workers = 3\n');
    expect(stdout).toMatch(/^# {3}denied: the node's own ports on this machine, 1\.2\.3\.0\/24$/m);
    expect(stdout).toMatch(/^# {3}denied: 127\.0\.0\.0\/8, /m);

    const wrong = temporaryFile('node.toml', '[server]\nregion = 5\n');
    const refused = await Program.run('serve', '--config', wrong, '--check');
    expect(refused).toEqual({
      code: 2,
      stdout: '',
      stderr: `lightspeed-proxy: ${wrong}: server.region: got 5, allowed is a name of 1 to 255 bytes in one line\n`,
    });
  });

  it('says that nothing but what is allowed is open, if it is told so', async () => {
    const { stdout } = await Program.run('serve', '--only-allowed-destinations', '--allow-destination', '203.0.113.9/32:8303', '--check');
    expect(stdout).toContain('only_allowed_destinations = true');
    expect(stdout).toContain('#   allowed: 203.0.113.9/32:8303\n#   denied: everything else\n');
  });

  it('fails with exit code 1 when its port is in use', async () => {
    const other = createSocket('udp4');
    other.bind(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const address = `127.0.0.1:${other.address().port}`;
    expect(await Program.run('serve', '--data-bind', address, '--http-bind', 'off', '--control-bind', 'off')).toEqual({
      code: 1,
      stdout: '',
      stderr: `lightspeed-proxy: ${address} (data plane) cannot be used: another program listens there (EADDRINUSE): end it, or choose another port; see --data-bind\n`,
    });
  });
});

describe('lightspeed-proxy serve', () => {
  it('says what serves where, and that nobody can be admitted without a control plane', async () => {
    const program = new Program([...LOCAL, '--io', 'portable', '--node-id', 'n1', '--region', 'r1']);
    expect(await program.serving()).toMatchObject({
      data: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
      http: 'off',
      workers: 1,
      engine: 'portable',
      engineReason: 'asked for',
      fecKernel: 'simd',
      receiveBufferBytes: expect.any(Number) as number,
      authentication: 'required',
      node: 'n1',
      region: 'r1',
    });
    await program.logged('nobody can be admitted: authentication is on and the control plane, where clients register, is off');
    program.signal('SIGTERM');
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  it.each([
    ['SIGTERM', 'batch'],
    ['SIGINT', 'batch'],
    ['SIGTERM', 'portable'],
  ] as const)('says goodbye to every client at %s and ends with code 0 within 2 s (%s)', async (signal, io) => {
    const program = new Program([...LOCAL, '--open', '--io', io, '--workers', '2', '--allow-destination', '127.0.0.0/8']);
    const node = dataOf(await program.serving());
    const server = await testServer();
    const clients = await Promise.all(Array.from({ length: 8 }, () => testClient(node)));
    for (const client of clients) await client.roundTrip(server.endpoint, 'hello');

    const askedMs = performance.now();
    program.signal(signal);
    for (const client of clients) {
      const { header } = await client.next('fin');
      expect(header.token).toBe(client.token);
    }
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - askedMs).toBeLessThan(2_000);
    expect(program.stderr).toBe('');
  });

  it('ends at the first signal also while it starts', async () => {
    const program = new Program([...LOCAL, '--log-level', 'debug', '--workers', '2']);
    await program.logged('data-plane worker serves');
    program.signal('SIGTERM');
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  it('ends at once at a second signal', async () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation((() => undefined) as () => never);
    onTestFinished(() => exit.mockRestore());
    const served = serve(nodeConfig({ dataBind: '127.0.0.1:0', httpBind: 'off', controlBind: 'off', logLevel: 'silent' }));
    process.emit('SIGTERM', 'SIGTERM');
    expect(exit).not.toHaveBeenCalled();
    process.emit('SIGTERM', 'SIGTERM');
    expect(exit).toHaveBeenCalledExactlyOnceWith(143);
    expect(await served).toBe(0);
  });
});
