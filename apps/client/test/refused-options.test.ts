import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../src/cli/program.ts';
import { Terminal } from '../src/cli/terminal.ts';

/** Runs `lightspeed` on this thread: nothing that is refused is ever started. */
async function run(args: readonly string[]): Promise<{ code: number; stderr: string }> {
  let stderr = '';
  const err = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      stderr += Buffer.from(chunk).toString();
      done();
    },
  });
  const code = await runProgram(args, new Terminal(process.stdout, err as unknown as NodeJS.WriteStream));
  return { code, stderr };
}

const play = ['play', '--node', '127.0.0.1:4434', '--game-server', '192.0.2.1:9'];

describe('lightspeed', () => {
  it.each<[string, string[], string]>([
    ['brackets around a local address', [...play, '--path', '[::1]'], 'Got "[::1]", allowed is the address without brackets: ::1.'],
    ['a local address that is many machines', [...play, '--path', '224.0.0.1'], 'not a multicast one'],
    ['a link-local address without interface', [...play, '--source', 'fe80::1'], 'with the interface to its link behind it'],
    [
      'a way to an IPv6 server',
      [...play, '--way', '::1=direct'],
      'Got "::1", allowed is an IPv4 address or prefix, as game servers have IPv4 addresses only',
    ],
    ['a way to an IPv6 server in brackets', [...play, '--way', '[::1]:80=direct'], 'as game servers have IPv4 addresses only'],
    ['a way to port 0', [...play, '--way', '127.0.0.1:0=direct'], '"0" is not a port; allowed are 1 to 65535'],
    ['a way to a port that is none', [...play, '--way', '127.0.0.1:99999=direct'], '"99999" is not a port; allowed are 1 to 65535'],
    ['a way to a prefix that is none', [...play, '--way', '1.2.3.4/33=direct'], 'Got "1.2.3.4/33", allowed is an IPv4 address or prefix'],
    [
      'a node that is every address',
      ['ping', '--node', '0.0.0.0'],
      'as this one stands for every address; this machine is 127.0.0.1 or ::1',
    ],
    ['a node that is every IPv6 address', ['ping', '--node', '[::]'], 'as this one stands for every address'],
    ['a node that nobody is', ['ping', '--node', '240.1.2.3:4433'], 'an address that is not in 240.0.0.0/4, which is nobody’s'],
    ['a node that is many machines', ['ping', '--node', '[ff02::1]:4433'], 'not a multicast one'],
    ['a link-local node without interface', ['ping', '--node', 'fe80::1'], 'with the interface to its link behind it'],
    [
      'a node behind no interface',
      ['ping', '--node', '[fe80::1%no-such]:4433'],
      'an interface of this machine that has a link-local address',
    ],
    ['an IPv6 node without brackets', ['ping', '--node', '2001:db8::1:4433:x'], 'Expected HOST:PORT, or [ADDRESS]:PORT for IPv6'],
    ['a game server that is every address', [...play, '--game-server', '0.0.0.0:9'], 'the address of one machine'],
    ['a game server that nobody is', [...play, '--game-server', '240.0.0.1:9'], 'not in 240.0.0.0/4'],
    [
      'an ingress that nobody is',
      [...play, '--listen', '240.0.0.1:9'],
      '--listen is 240.0.0.1:9; allowed: an address that is not in 240.0.0.0/4',
    ],
    ['an IPv6 ingress', [...play, '--listen', '[::1]:9'], 'Got "::1", allowed is an IPv4 address of this machine'],
    ['a node twice', [...play, '--node', '127.0.0.1:4434'], '--node is 127.0.0.1:4434, 127.0.0.1:4434; allowed: each node once'],
    ['a way through the node itself', [...play, '--via', '127.0.0.1:4434'], '--via is 127.0.0.1:4434; allowed: a node that is not used'],
    [
      'a game server at which it listens itself',
      [...play.slice(0, 3), '--way', '127.0.0.0/8=direct', '--game-server', '127.0.0.1:9', '--listen', '127.0.0.1:9'],
      '--game-server is 127.0.0.1:9; allowed: with the direct way, a server at which this tunnel does not listen itself (127.0.0.1:9)',
    ],
    [
      'a way to an address in brackets',
      [...play, '--way', '[192.0.2.1]:80=direct'],
      'Got "[192.0.2.1]", allowed is an IPv4 address or prefix',
    ],
    ['a way to nothing', [...play, '--way', ':80=direct'], 'Got "", allowed is an IPv4 address or prefix'],
    [
      'a user without name',
      ['socks', '--node', 'a', '--user', '', '--password-file', import.meta.filename],
      '--user is 0 bytes long; allowed: 1 to 255',
    ],
    [
      'a source that cannot reach the node',
      [...play, '--open', '--source', '::1'],
      'the node has no IPv6 address to which ::1 could send: it was named by its address 127.0.0.1; name it by a host name',
    ],
  ])('refuses %s in one line that names the option and what was given', async (_what, args, message) => {
    const { code, stderr } = await run(args);
    expect(stderr).toMatch(/^lightspeed: .*\n$/);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/--(node|path|source|way|game-server|listen|via|user)|^lightspeed: node /);
    expect(code).not.toBe(0);
  });

  it.each([['203.0.113.9=direct'], ['203.0.113.0/24:80=direct'], ['203.0.113.9=127.0.0.1:4434'], ['203.0.113.9:1=127.0.0.1:4434']])(
    'takes the way %s',
    async (way) => {
      const { stderr } = await run([...play, '--way', way, '--fec', '1', '--dialect', 'reference']);
      expect(stderr).toMatch(/^lightspeed: --fec is 1; /);
    },
  );
});

it.runIf(process.platform === 'linux').each([
  [['--gateway', '65534', '--lan', 'nosuchif0'], /^lightspeed: --lan nosuchif0: there is no interface nosuchif0; there are: .+\n$/],
  [['--gateway', '65534', '--lan', 'lo'], /^lightspeed: --lan lo: there is no interface lo; there are: /],
  [['--gateway', 'no-such-user', '--lan', 'lo'], /^lightspeed: --gateway no-such-user: there is no such user; allowed is a name /],
  [['--lan', 'lo'], /^lightspeed: --gateway USER and --lan INTERFACE belong together: /],
])('setup refuses what this machine does not have, whoever asks: %j', async (args, words) => {
  const { code, stderr } = await run(['setup', ...args]);
  expect(code).toBe(2);
  expect(stderr).toMatch(words);
});

it('a silent link-local node makes it ask for the interface', async () => {
  const host = 'fe80::1%4294967295';
  const { stderr, code } = await run(['whoami', '--node', host, '--insecure-skip-verify']);
  expect(stderr).toContain('; does interface 4294967295 lead to it, is the node running, is that its control port');
  expect(code).toBe(1);
}, 20_000);
