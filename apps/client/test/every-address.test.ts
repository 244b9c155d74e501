import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { formatIpv4 } from '@lightspeed/wire';
import { ownIpv4Addresses } from '../src/base/own-ipv4.ts';
import { Running } from './support/command.ts';
import { EchoServer } from './support/game.ts';
import { SocksProgram } from './support/socks-program.ts';
import { LOOPBACK, TestNode } from './support/test-node.ts';
import { ENGINES, tunnelTo } from './support/tunnel.ts';

const EVERY_ADDRESS = 0;

/** Addresses at which this machine is reached, and loopback ones: the system would answer from another one of them. */
function asked(io: string): string[] {
  const own = ownIpv4Addresses().map(formatIpv4);
  // The portable engine knows only the addresses that the system lists.
  return io === 'batch' ? [...own, '127.0.0.2'] : own;
}

/** A program on loopback that hears only the address to which it speaks. @returns what it hears. */
async function ask(address: string, port: number, text: string): Promise<string> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.connect(port, address);
  await once(socket, 'connect');
  const heard = once(socket, 'message');
  socket.send(text);
  const [message] = (await heard) as [Buffer];
  socket.close();
  return message.toString();
}

describe.each(ENGINES)('an ingress on 0.0.0.0 over the %s engine', (io) => {
  it('answers from the address at which it was asked, which connected programs need', { timeout: 20_000 }, async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('echo ');
    await using tunnel = await tunnelTo(node, [], {
      io,
      ingresses: [{ listen: { ip: EVERY_ADDRESS, port: 0 }, gameServer: server.address }],
    });
    await tunnel.established(5_000);
    const [{ listen }] = tunnel.ingresses;
    const addresses = asked(io);
    for (const address of addresses) expect(await ask(address, listen.port, address)).toBe(`echo ${address}`);
  });

  it('has SOCKS5 associations at the address at which their client is connected', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await tunnelTo(node, [], { io, socks: { listen: { ip: EVERY_ADDRESS, port: 0 }, anybody: true } });
    await tunnel.established(5_000);
    for (const ip of [LOOPBACK, LOOPBACK + 1]) {
      using program = await SocksProgram.open({ ip, port: tunnel.socks?.port ?? 0 });
      expect(program.relay.ip).toBe(ip);
      program.send('x', '127.0.0.1', server.address.port);
      await program.peer.got(1);
      expect(program.peer.received[0].from.address).toBe(formatIpv4(ip));
    }
  });
});

describe('lightspeed', () => {
  it('names the machine’s addresses for an ingress on 0.0.0.0, since nobody can point a game at that', async () => {
    await using node = await TestNode.start();
    const server = '127.0.0.1:9';
    const program = new Running(['play', '--open', '--node', node.name, '--game-server', server, '--listen', '0.0.0.0:0']);
    await program.printed('to play on');
    const line = program.stdout.split('\n').find((text) => text.includes('point the game at')) ?? '';
    const port = /:(\d+) to play on/.exec(line)?.[1] ?? '';
    const addresses = ownIpv4Addresses().map((ip) => `${formatIpv4(ip)}:${port}`);
    expect(line).toBe(`point the game at ${addresses.join(' or ')} to play on ${server}`);
    program.signal('SIGINT');
    await program.ended();
  });

  it('names them for a SOCKS5 server on 0.0.0.0 too', async () => {
    await using node = await TestNode.start();
    const program = new Running(['socks', '--open', '--node', node.name, '--listen', '0.0.0.0:0', '--allow-anybody']);
    await program.printed('SOCKS5 server for UDP at');
    expect(program.stdout).toMatch(/SOCKS5 server for UDP at .*127\.0\.0\.1:\d+\n/);
    expect(program.stdout).not.toContain('0.0.0.0');
    program.signal('SIGINT');
    await program.ended();
  });
});
