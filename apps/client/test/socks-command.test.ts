import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEndpoint } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Running } from './support/command.ts';
import { EchoServer } from './support/game.ts';
import { SocksProgram } from './support/socks-program.ts';
import { TestNode } from './support/test-node.ts';

const ANY_PORT = ['--listen', '127.0.0.1:0'];

function endpointIn(text: string, pattern: RegExp): Endpoint {
  const endpoint = parseEndpoint(pattern.exec(text)?.[1] ?? '');
  if (endpoint === undefined) throw new Error(`no address in ${text}`);
  return endpoint;
}

describe('lightspeed socks', () => {
  let folder = '';
  let passwordFile = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'socks-'));
    passwordFile = join(folder, 'password');
    await writeFile(passwordFile, 'secret\nnot this\n');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('says where it listens, carries what clients send, by the ways that the rules say, and sums up', async () => {
    await using node = await TestNode.start();
    using byNode = await EchoServer.named('');
    using direct = await EchoServer.named('');
    const way = `127.0.0.0/8:${direct.address.port}=direct`;
    const program = new Running(['socks', '--open', '--node', node.name, ...ANY_PORT, '--way', way]);
    await program.printed('connected');
    using client = await SocksProgram.open(endpointIn(program.stdout, /SOCKS5 server for UDP at (\S+)/));
    client.send('a', '127.0.0.1', byNode.address.port);
    await client.peer.got(1);
    client.send('b', '127.0.0.1', direct.address.port);
    await client.peer.got(2);
    expect(client.answers).toEqual([`127.0.0.1:${byNode.address.port} a`, `127.0.0.1:${direct.address.port} b`]);
    program.signal('SIGINT');
    const { code, stdout, stderr } = await program.ended();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('2 datagrams up');
    expect(stdout).toContain(`by ${node.name}: 1 up, 1 down\nby direct: 1 up, 1 down\n`);
  });

  it('wants a password where one was set, and tells programs all in JSON', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('');
    const login = ['--user', 'me', '--password-file', passwordFile];
    const program = new Running(['socks', '--open', '--node', node.name, ...ANY_PORT, ...login, '--json']);
    await program.printed('"established"');
    const at = endpointIn(program.stdout, /"socks":"([^"]+)"/);
    await expect(SocksProgram.open(at, { userId: 'me', password: 'not this' })).rejects.toThrow();
    await program.printed('its user or password is wrong');
    using client = await SocksProgram.open(at, { userId: 'me', password: 'secret' });
    client.send('x', '127.0.0.1', server.address.port);
    await client.peer.got(1);
    program.signal('SIGTERM');
    const { code, stdout, stderr } = await program.ended();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
    expect(events.map(({ event }) => event).filter((event) => event !== 'stats')).toEqual([
      'started',
      'page',
      'established',
      'socks',
      'summary',
    ]);
    expect(events.at(-1)).toMatchObject({ upPackets: 1, downPackets: 1, ways: [{ name: node.name, upPackets: 1, downPackets: 1 }] });
  });
});
