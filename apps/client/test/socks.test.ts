import { once } from 'node:events';
import { connect } from 'node:net';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { EchoServer, Peer, until } from './support/game.ts';
import { SocksProgram } from './support/socks-program.ts';
import { LOOPBACK, TestNode } from './support/test-node.ts';
import { ENGINES, tunnelTo } from './support/tunnel.ts';
import type { TestTunnel } from './support/tunnel.ts';

const ANY_PORT = { ip: LOOPBACK, port: 0 };

async function socksTunnel(node: TestNode, settings: Parameters<typeof tunnelTo>[2] = {}): Promise<TestTunnel> {
  const tunnel = await tunnelTo(node, [], { socks: { listen: ANY_PORT }, ...settings });
  await tunnel.established(5_000);
  return tunnel;
}

function addressOf(tunnel: TestTunnel): Endpoint {
  if (tunnel.socks === undefined) throw new Error('there is no SOCKS5 server');
  return tunnel.socks;
}

/** Talks to a server byte by byte; resolves with all that it answers until it ends the connection. */
async function talk(server: Endpoint, bytes: readonly number[]): Promise<number[]> {
  const socket = connect(server.port, formatIpv4(server.ip));
  const answer: number[] = [];
  socket.on('data', (chunk: Buffer) => answer.push(...chunk));
  socket.write(Uint8Array.from(bytes));
  await once(socket, 'close');
  return answer;
}

describe.each(ENGINES)('a SOCKS5 server over the %s engine', (io) => {
  it('carries datagrams to any game server, and says from which one each answer is', async () => {
    await using node = await TestNode.start();
    using red = await EchoServer.named('red ');
    using blue = await EchoServer.named('blue ');
    await using tunnel = await socksTunnel(node, { io });
    using program = await SocksProgram.open(addressOf(tunnel));
    program.send('1', '127.0.0.1', red.address.port);
    await program.peer.got(1);
    program.send('2', '127.0.0.1', blue.address.port);
    await program.peer.got(2);
    expect(program.answers).toEqual([`127.0.0.1:${red.address.port} red 1`, `127.0.0.1:${blue.address.port} blue 2`]);
    expect(node.count('dataPackets')).toBeGreaterThanOrEqual(2);
  });

  it('finds names, while the first datagrams to them wait', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await socksTunnel(node, { io });
    using program = await SocksProgram.open(addressOf(tunnel));
    for (let i = 0; i < 3; i++) program.send(`${i}`, 'localhost', server.address.port);
    await program.peer.got(3);
    program.send('3', 'localhost', server.address.port);
    await program.peer.got(4);
    expect(program.answers).toEqual([0, 1, 2, 3].map((i) => `127.0.0.1:${server.address.port} ${i}`));
    expect(tunnel.stats().localDrops).toEqual({});
  });

  it('counts what is sent to names that there are not, and says so once', async () => {
    await using node = await TestNode.start();
    await using tunnel = await socksTunnel(node, { io });
    const told: string[] = [];
    tunnel.on('socks', (text) => told.push(text));
    using program = await SocksProgram.open(addressOf(tunnel));
    // With an empty label a name cannot exist, so no name server is asked.
    program.send('x', 'no..where', 7);
    await until(() => tunnel.stats().localDrops.socks_unresolved === 1, 'the drop');
    program.send('x', 'no..where', 7);
    await until(() => tunnel.stats().localDrops.socks_unresolved === 2, 'another drop');
    await until(() => told.length > 0, 'the news');
    expect(told).toEqual([expect.stringContaining('nothing can be sent to game server no..where: ')]);
  });

  it('drops and counts fragments, IPv6 addresses, what is no SOCKS5 and what strangers send', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await socksTunnel(node, { io });
    const told: string[] = [];
    tunnel.on('socks', (text) => told.push(text));
    using program = await SocksProgram.open(addressOf(tunnel));
    using stranger = await Peer.start();
    program.send('first', '127.0.0.1', server.address.port);
    await program.peer.got(1);
    program.send('fragment', '127.0.0.1', server.address.port, 1);
    program.send('v6', '2001:db8::1', server.address.port);
    program.peer.send('no header', program.relay);
    stranger.sendBytes(Buffer.from('000000017f000001000178', 'hex'), program.relay);
    const expected = { socks_fragment: 1, socks_ipv6: 1, socks_malformed: 1, socks_source: 1 };
    await until(() => Object.keys(tunnel.stats().localDrops).length === 4, 'four drops');
    expect(tunnel.stats().localDrops).toEqual(expected);
    program.send('last', '127.0.0.1', server.address.port);
    await program.peer.got(2);
    await until(() => told.length > 0, 'the news');
    expect(told).toEqual([expect.stringContaining('IPv6')]);
    expect(server.texts).toEqual(['first', 'last']);
  });

  it('takes datagrams only from the port that the client has named', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await socksTunnel(node, { io });
    using other = await Peer.start();
    using program = await SocksProgram.open(addressOf(tunnel), undefined, other.address.port);
    program.send('x', '127.0.0.1', server.address.port);
    await until(() => tunnel.stats().localDrops.socks_source === 1, 'the drop');
    expect(server.received).toEqual([]);
  });

  it('ends an association with its TCP connection', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await socksTunnel(node, { io });
    const before = tunnel.stats().udp.sockets_open;
    using program = await SocksProgram.open(addressOf(tunnel));
    program.send('x', '127.0.0.1', server.address.port);
    await program.peer.got(1);
    expect(tunnel.stats().udp.sockets_open).toBe(before + 1);
    program.connection.destroy();
    await until(() => tunnel.stats().udp.sockets_open === before, 'the end of its socket');
  });

  it('has 64 associations at once, and refuses one more until one ends', async () => {
    await using node = await TestNode.start();
    await using tunnel = await socksTunnel(node, { io });
    const server = addressOf(tunnel);
    const programs = await Promise.all(Array.from({ length: 64 }, () => SocksProgram.open(server)));
    const request = [5, 1, 0, 5, 3, 0, 1, 0, 0, 0, 0, 0, 0];
    expect(await talk(server, request)).toEqual([5, 0, 5, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
    programs[0][Symbol.dispose]();
    await until(() => tunnel.stats().udp.sockets_open === 1 + 63, 'the end of an association');
    programs[0] = await SocksProgram.open(server);
    for (const program of programs) program[Symbol.dispose]();
  });

  it('sends by the direct way where a rule says so', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await socksTunnel(node, { io, ways: [{ servers: '127.0.0.0/8', way: 'direct' }] });
    using program = await SocksProgram.open(addressOf(tunnel));
    program.send('x', '127.0.0.1', server.address.port);
    await program.peer.got(1);
    expect(program.answers).toEqual([`127.0.0.1:${server.address.port} x`]);
    expect(node.count('dataPackets')).toBe(0);
  });
});

describe('a SOCKS5 server', () => {
  it('refuses to carry TCP with the code that says so', async () => {
    await using node = await TestNode.start();
    await using tunnel = await socksTunnel(node);
    for (const command of [1, 2]) {
      const answer = await talk(addressOf(tunnel), [5, 1, 0, 5, command, 0, 1, 127, 0, 0, 1, 0, 80]);
      expect(answer).toEqual([5, 0, 5, 7, 0, 1, 0, 0, 0, 0, 0, 0]);
    }
  });

  it('lets in only who knows the user and the password, where there are such', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('');
    const user = { name: 'me', password: 'secret' };
    await using tunnel = await socksTunnel(node, { socks: { listen: ANY_PORT, user } });
    const told: string[] = [];
    tunnel.on('socks', (text) => told.push(text));
    using program = await SocksProgram.open(addressOf(tunnel), { userId: 'me', password: 'secret' });
    program.send('x', '127.0.0.1', server.address.port);
    await program.peer.got(1);
    const refused = SocksProgram.open(addressOf(tunnel), { userId: 'me', password: 'wrong' });
    await expect(refused).rejects.toThrow('Authentication failed');
    expect(await talk(addressOf(tunnel), [5, 1, 0])).toEqual([5, 0xff]);
    expect(told).toEqual([
      expect.stringContaining('its user or password is wrong'),
      expect.stringContaining('it gives no user and password'),
    ]);
  });

  it('tells a refusal once for each client address and reason, and in the end how many there were', async () => {
    await using node = await TestNode.start();
    await using tunnel = await socksTunnel(node, { socks: { listen: ANY_PORT, user: { name: 'me', password: 'secret' } } });
    const news: string[] = [];
    tunnel.on('socks', (text) => news.push(text));
    for (let i = 0; i < 3; i++) await talk(addressOf(tunnel), [5, 1, 0]);
    await talk(addressOf(tunnel), [5, 1, 2, 1, 2, 0x6d, 0x65, 1, 0x78]);
    const refused = /^a SOCKS5 client at 127\.0\.0\.1 was refused: /;
    expect(news).toEqual([expect.stringMatching(refused), expect.stringMatching(refused)]);
    await tunnel.close();
    expect(news.slice(2)).toEqual([`2 times more: ${news[0]}`]);
  });

  it('is not opened to the network unless somebody has meant it', async () => {
    await using node = await TestNode.start();
    const open = (anybody?: boolean) => tunnelTo(node, [], { socks: { listen: { ip: 0, port: 0 }, anybody } });
    await expect(open()).rejects.toMatchObject({ code: 'ERR_CLIENT_INVALID_SETTING' });
    await using tunnel = await open(true);
    expect(tunnel.socks?.ip).toBe(0);
  });

  it('says that its port is taken', async () => {
    await using node = await TestNode.start();
    await using tunnel = await socksTunnel(node);
    const { port } = addressOf(tunnel);
    const taken = tunnelTo(node, [], { socks: { listen: { ip: LOOPBACK, port } } });
    await expect(taken).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: another program listens there (EADDRINUSE): end it, or choose another port`,
    );
  });
});
