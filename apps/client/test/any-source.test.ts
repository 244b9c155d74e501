import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { DropReason } from '@lightspeed/wire';
import { Running } from './support/command.ts';
import { ControlNode } from './support/control-node.ts';
import { EchoServer, Peer, until } from './support/game.ts';
import { SocksProgram } from './support/socks-program.ts';
import { LOOPBACK } from './support/test-node.ts';
import { ENGINES, registeredTunnel } from './support/tunnel.ts';

const ALLOWED = { egressFiltering: 'endpoint-independent' } as const;
const DATAGRAMS = 10;

/** A game server that answers from another port than it is asked at. @returns the port from which it answers, too. */
async function otherPortServer(): Promise<{ readonly server: Peer; readonly from: number; [Symbol.dispose](): void }> {
  const server = await Peer.start();
  const other = createSocket('udp4');
  other.bind(0, '127.0.0.1');
  await once(other, 'listening');
  let answered = 0;
  const timer = setInterval(() => {
    for (; answered < server.received.length; answered++) {
      const { text, from } = server.received[answered];
      other.send(`answer ${text}`, from.port, from.address);
    }
  }, 1);
  return {
    server,
    from: other.address().port,
    [Symbol.dispose]() {
      clearInterval(timer);
      other.close();
      server[Symbol.dispose]();
    },
  };
}

describe.each(ENGINES)('a game server that answers from another port, over the %s engine,', (io) => {
  it('is heard by a program at an ingress, if the client asks and the operator allows it', async () => {
    await using node = await ControlNode.start(ALLOWED);
    using scene = await otherPortServer();
    await using tunnel = await registeredTunnel([node], [scene.server.address], { io, ...ALLOWED });
    await tunnel.established(5_000);
    expect(tunnel.nodes[0].session?.hearsAnySource).toBe(true);
    using program = await Peer.start();
    for (let i = 0; i < DATAGRAMS; i++) program.send(`${i}`, tunnel.ingresses[0].listen);
    await program.got(DATAGRAMS);
    expect(program.texts).toEqual(Array.from({ length: DATAGRAMS }, (_, i) => `answer ${i}`));
  });

  it('is heard by a SOCKS5 client under the address that it has, and is reached there', async () => {
    await using node = await ControlNode.start(ALLOWED);
    using scene = await otherPortServer();
    using echo = await EchoServer.named('echo ');
    await using tunnel = await registeredTunnel([node], [], { io, socks: { listen: { ip: LOOPBACK, port: 0 } }, ...ALLOWED });
    await tunnel.established(5_000);
    using program = await SocksProgram.open(tunnel.socks ?? { ip: 0, port: 0 });
    program.send('x', '127.0.0.1', scene.server.address.port);
    await program.peer.got(1);
    expect(program.answers).toEqual([`127.0.0.1:${scene.from} answer x`]);
    program.send('y', '127.0.0.1', echo.address.port);
    await program.peer.got(2);
    // One public port for all of them.
    expect(echo.received[0].from.port).toBe(scene.server.received[0].from.port);
  });

  it.each([
    ['the operator does not allow it', {}, ALLOWED],
    ['the client does not ask', ALLOWED, {}],
  ])('is not heard where %s', async (_, allowed, asked) => {
    await using node = await ControlNode.start(allowed);
    using scene = await otherPortServer();
    await using tunnel = await registeredTunnel([node], [scene.server.address], { io, ...asked });
    await tunnel.established(5_000);
    expect(tunnel.nodes[0].session?.hearsAnySource).toBe(false);
    using program = await Peer.start();
    for (let i = 0; i < DATAGRAMS; i++) program.send(`${i}`, tunnel.ingresses[0].listen);
    await until(() => node.data.serverDrops(DropReason.unsolicited) === DATAGRAMS, 'the answers');
    expect(program.texts).toEqual([]);
  });
});

describe('lightspeed play --egress-filtering endpoint-independent', () => {
  it('says which node does not allow it', async () => {
    await using node = await ControlNode.start();
    const command = ['play', '--node', node.name, '--insecure-skip-verify', '--game-server', '127.0.0.1:9'];
    const program = new Running([...command, '--egress-filtering', 'endpoint-independent']);
    await program.printed('its operator has not set egress_filtering');
    expect(program.stdout).toContain(`node ${node.name} lets only those through to whom the game has sent`);
    program.signal('SIGINT');
    expect((await program.ended()).code).toBe(0);
  });
});
