import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lightspeed } from './support/command.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

/** The four packets that docs/protocol.md shows, as hexdumps. */
const DUMPS = `Offset Hex ASCII
0000 10 00 00 2A 00 0F 42 40 C0 A8 01 64 68 1A 01 32 ...*..B@...dh..2
0010 30 39 1E 61 09.a
0020 [200 bytes of game payload...]

Offset Hex
0000 11 00 00 05 00 0F 42 40 00 00 00 00 00 00 00 00
0010 00 00 00 00

Offset Hex
0000 20 00 00 2C 00 0F 42 40 C0 A8 01 64 68 1A 01 32 v2 header (20B)
0010 30 39 1E 61 00 07 02 08 00 00 + FEC ext (6B)
001A [game payload...]

Offset Hex
0000 20 00 00 30 00 0F 42 40 00 00 00 00 00 00 00 00 v2 header (20B)
0010 00 00 00 00 00 07 08 08 01 00 + FEC ext (6B)
001A [XOR parity payload...]
`;

const PIN = '00'.repeat(32);

describe('lightspeed', () => {
  it('tells its version', async () => {
    expect(await lightspeed(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([[[]], [['play']], [['ping']], [['socks']], [['whoami']], [['decode']], [['dissector']]])(
    'explains itself with an example: %j --help',
    async (command) => {
      const { code, stdout, stderr } = await lightspeed([...command, '--help']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`^Usage: lightspeed ${command.join('')}`));
      expect(stdout).toMatch(/Examples?:\n {2}\$ lightspeed /);
    },
  );

  it.each([['play'], ['socks'], ['run'], ['gateway'], ['catch'], ['doctor'], ['ping'], ['whoami'], ['decode']])(
    'says what --json prints of a failure: %s --help',
    async (command) => {
      const { stdout } = await lightspeed([command, '--help']);
      expect(stdout.replace(/\s+/g, ' ')).toMatch(
        / --json one JSON object.*\. A failure is one with event "error", code and message; standard error has it as text/,
      );
    },
  );

  const play = ['play', '--node', '127.0.0.1:4434', '--game-server', '127.0.0.1:9'];
  it.each<[string, string[], string]>([
    ['an unknown command', ['plya'], "unknown command 'plya' (Did you mean play?); see lightspeed --help\n"],
    ['a command that is like none', ['begin'], "unknown command 'begin'; commands: play, socks, run, "],
    ['an unknown command of a group', ['config', 'x'], "unknown command 'x'; commands: sing-box; see lightspeed config --help\n"],
    ['an unknown option', [...play, '--fce', '4'], "unknown option '--fce' (Did you mean --fec?); see lightspeed play --help\n"],
    ['an unknown option with its value', [...play, '--fce=4'], "unknown option '--fce' (Did you mean --fec?)"],
    ['a part of an option', [...play, '--misses', '4'], "unknown option '--misses' (Did you mean --max-keepalive-misses?)"],
    ['an option that is like none', [...play, '--xyzxyz'], "unknown option '--xyzxyz'; see lightspeed play --help\n"],
    ['a required option that was mistyped', ['play', '--game-sevrer', '127.0.0.1:9'], '(Did you mean --game-server?)'],
    ['no line to import', ['import'], "missing required argument 'text'; see lightspeed import --help\n"],
    ['an option without its value', ['ping', '--node'], "option '--node <host[:port]>' argument missing; see lightspeed ping --help\n"],
    ['no node', ['ping'], 'no node: give --node HOST[:PORT], or take the line that its operator gave you with "lightspeed import"'],
    ['no game server', play.slice(0, 3), "required option '--game-server <host:port>' not specified; see lightspeed play --help\n"],
    ['a node without host', ['ping', '--node', ':4433'], 'Expected HOST:PORT'],
    ['an open node without port', ['ping', '--open', '--node', 'example.net'], 'the port of its data plane is needed'],
    ['a ticket without registration', [...play, '--open', '--ticket', 'x'], '--ticket needs a registration'],
    ['a path without registration', [...play, '--no-register', '--path', '127.0.0.2'], '--path needs a registration'],
    ['a way through another node without registration', [...play, '--open', '--via', 'example.net'], '--via needs a registration'],
    ['several nodes without registration', [...play, '--open', '--node', '127.0.0.1:1'], 'several --node needs a registration'],
    ['65 nodes', [...play, ...Array.from({ length: 64 }, (_, port) => `--node=127.0.0.1:${port + 1}`)], '65 --node; at most 64'],
    ['a token with registration', [...play, '--token', '7'], 'add --no-register'],
    ['a ticket that is none', [...play, '--ticket', 'lst1_!'], '--ticket: '],
    [
      'a ticket file that is not there',
      [...play, '--ticket', 'nosuch.txt'],
      '--ticket nosuch.txt: there is no such file; allowed is a file that you may read, or the ticket’s text, lst1_...',
    ],
    ['a pin that is none', [...play, '--pin', 'abc'], 'a pin is sha256// and 32 bytes'],
    ['more pins than nodes', [...play, '--pin', PIN, '--pin', PIN], '2 --pin for 1 nodes'],
    ['two ways to know a node', [...play, '--pin', PIN, '--trust-on-first-use'], 'only one of --pin, --ca'],
    [
      'too many paths',
      [...play, ...[2, 3, 4, 5].flatMap((n) => ['--path', `127.0.0.${n}`])],
      'the number of paths (one, --path and --via) must be a whole number from 1 to 4, got 5',
    ],
    ['a port that is none', ['ping', '--node', 'example.net:70000'], '"70000" is not a port; allowed are 1 to 65535'],
    ['an IPv6 address that is none', ['ping', '--node', '[::g]:4434'], '"::g" is not an IPv6 address'],
    ['an IPv6 game server', [...play.slice(0, 3), '--game-server', '[2001:db8::1]:9'], 'A game server needs an IPv4 address'],
    ['a name as local address', [...play, '--source', 'eth0'], 'Got "eth0", allowed is an IPv4 or IPv6 address'],
    ['a group of 33', [...play, '--fec', '33'], 'data packets per parity packet from 1 to 32'],
    ['a group of 1 in dialect reference', [...play, '--fec', '1', '--dialect', 'reference'], '--fec is 1; allowed: 0 (off)'],
    ['more ingresses than servers', [...play, '--listen', '127.0.0.1:0', '--listen', '127.0.0.1:0'], '2 --listen for 1 --game-server'],
    ['a way that is none', [...play, '--way', '203.0.113.0/24'], 'Expected SERVER[/PREFIX][:PORT]=direct or =NODE'],
    [
      'a way by an unknown node',
      [...play, '--way', '203.0.113.9=other'],
      '--way 203.0.113.9=other: no --node is other:4433; allowed: direct, 127.0.0.1:4434',
    ],
    ['a way to a name', [...play, '--way', 'example.net=direct'], 'Got "example.net", allowed is an IPv4 address or prefix'],
    ['SOCKS5 for the network without password', ['socks', '--node', 'a', '--listen', '0.0.0.0:1080'], 'add --user and --password-file'],
    ['a SOCKS5 user without password', ['socks', '--node', 'a', '--user', 'me'], '--user and --password-file belong together'],
    ['half a packet a second', ['ping', '--node', '127.0.0.1:1', '--count', '0.5'], 'whole numbers from 1'],
    [
      'a packet that is not hex',
      ['decode', 'hello'],
      'decode: "hello" is not hexadecimal; allowed are pairs of hexadecimal digits, the name of a file',
    ],
    [
      'the name of a file with a packet',
      ['decode', 'packet.bin'],
      ', and there is no such file; allowed are pairs of hexadecimal digits, the name of a file, or - for standard input\n',
    ],
    ['a tag key of 7 bytes', ['decode', '10', '--tag-key', '00010203040506'], 'Expected 8 bytes as 16 hexadecimal digits'],
  ])('refuses %s in one line, with exit code 2', async (_what, args, message) => {
    const { code, stdout, stderr } = await lightspeed(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^lightspeed: .*\n$/);
    expect(stderr).toContain(message);
  });

  // With an empty label a name cannot exist, so no name server is asked.
  it.each([[['--open']], [[]]])('says in one line that a host is not known, with exit code 1: %j', async (way) => {
    const { code, stdout, stderr } = await lightspeed(['ping', ...way, '--node', 'no..where:4434']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^lightspeed: node no\.\.where:4434 has no address: there is no such name \(ENOTFOUND\)\n$/);
  });
});

describe('lightspeed decode', () => {
  it('explains the packets of docs/protocol.md from their hexdumps', async () => {
    const { code, stdout, stderr } = await lightspeed(['decode', '-'], DUMPS);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const tables = stdout.split('\n\n').map((table) => table.trimEnd().split('\n'));
    expect(tables.map(([summary]) => summary)).toEqual([
      'version 1 data packet, 20 bytes, sequence 42',
      'version 1 keepalive packet, 20 bytes, sequence 5',
      'version 2 data packet, 26 bytes, sequence 44, FEC group 7, number 3 of 8 (dialect standard)',
      'version 2 parity packet, 26 bytes, sequence 48, FEC group 7, parity of 8 (dialect standard)',
    ]);
    expect(tables[2]).toContain('12      68 1A 01 32  destination IP    104.26.1.50    original destination');
  });

  it('gives them as JSON, one object a line', async () => {
    const { code, stdout } = await lightspeed(['decode', '-', '--json'], DUMPS);
    const packets = stdout
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(code).toBe(0);
    const addresses = {
      source: { ip: '192.168.1.100', port: 12_345 },
      destination: { ip: '104.26.1.50', port: 7_777 },
    };
    expect(packets).toMatchObject([
      { valid: true, kind: 'data', version: 1, sequence: 42, timestampUs: 1_000_000, ...addresses },
      { valid: true, kind: 'keepalive', flags: ['KEEPALIVE'], sequence: 5 },
      { kind: 'data', sequence: 44, ...addresses, fec: { groupId: 7, index: 2, size: 8, parity: false } },
      { kind: 'parity', sequence: 48, fec: { groupId: 7, index: 8, size: 8, parity: true } },
    ]);
  });

  it('shows what can be read of an invalid packet, with exit code 1', async () => {
    const { code, stdout, stderr } = await lightspeed(['decode', '10', '00', '00', '2a', '00']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toContain('not a valid packet: a packet has at least 20 bytes, this has 5 (too_short)');
    expect(stdout).toContain('sequence   42');
  });

  it('checks the tag of a packet with the key that it is given', async () => {
    const packet = '30AB002A000F4240C0A80164681A013230391E61 6E992150 6869'.split(' ');
    const fitting = await lightspeed(['decode', ...packet, '--tag-key', '0001020304050607']);
    expect(fitting.code).toBe(0);
    expect(fitting.stdout).toMatch(/^20 +6E 99 21 50 +tag +1855529296 +fits the key$/m);
    const wrong = await lightspeed(['decode', ...packet, '--tag-key', '0001020304050608']);
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toContain('(bad_tag)');
  });

  it('reads a packet in binary', async () => {
    const { code, stdout } = await lightspeed(['decode', '-', '--json'], Uint8Array.of(0x11, ...new Uint8Array(19)));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ valid: true, kind: 'keepalive' });
  });

  it('fails in one line when standard input holds no packet', async () => {
    expect(await lightspeed(['decode', '-'], '\n')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'lightspeed: there is no packet on standard input\n',
    });
  });
});
