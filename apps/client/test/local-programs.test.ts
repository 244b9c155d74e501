import { describe, expect, it } from 'vitest';
import { EchoServer, Peer, until } from './support/game.ts';
import { TestNode } from './support/test-node.ts';
import { ENGINES, tunnelTo } from './support/tunnel.ts';

describe.each(ENGINES)('a tunnel over the %s engine', (io) => {
  it('gives several programs at once their own answers and nobody else’s', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('server: ');
    await using tunnel = await tunnelTo(node, [server.address], { io });
    await tunnel.established(5_000);
    expect(tunnel.io).toBe(io);
    const programs = await Promise.all(Array.from({ length: 5 }, () => Peer.start()));
    const [{ listen }] = tunnel.ingresses;

    for (let round = 0; round < 20; round++) {
      programs.forEach((program, index) => program.send(`program ${index}, round ${round}`, listen));
      await Promise.all(programs.map((program) => program.got(round + 1)));
    }

    programs.forEach((program, index) => {
      const expected = Array.from({ length: 20 }, (_, round) => `server: program ${index}, round ${round}`);
      expect(program.texts).toEqual(expected);
      expect(new Set(program.received.map(({ from }) => from.port))).toEqual(new Set([listen.port]));
      program[Symbol.dispose]();
    });
    // Five programs, five addresses that the game server can tell apart.
    expect(new Set(server.received.map(({ from }) => from.port)).size).toBe(5);
  });

  it('has an ingress of its own for each game server', async () => {
    await using node = await TestNode.start();
    using red = await EchoServer.named('red ');
    using blue = await EchoServer.named('blue ');
    await using tunnel = await tunnelTo(node, [red.address, blue.address], { io });
    await tunnel.established(5_000);
    using program = await Peer.start();

    const [toRed, toBlue] = tunnel.ingresses;
    expect(toRed.gameServer).toEqual(red.address);
    program.send('1', toRed.listen);
    await program.got(1);
    program.send('2', toBlue.listen);
    await program.got(2);
    program.send('3', toRed.listen);
    await program.got(3);

    expect(program.received.map(({ text, from }) => [text, from.port])).toEqual([
      ['red 1', toRed.listen.port],
      ['blue 2', toBlue.listen.port],
      ['red 3', toRed.listen.port],
    ]);
    expect(tunnel.stats().counters).toMatchObject({ localPacketsReceived: 3, localPacketsSent: 3 });
  });

  it('ends the session at the node when it is closed', async () => {
    await using node = await TestNode.start();
    const tunnel = await tunnelTo(node, [], { io });
    await tunnel.established(5_000);
    expect(node.relay.sessionCount).toBe(1);
    await Promise.all([tunnel.close(), tunnel.close()]);
    await until(() => node.relay.sessionCount === 0, 'the end of the session');
    expect(node.count('fins')).toBe(1);
    expect(tunnel.stats().state).toBe('closed');
    expect(tunnel.stats().udp.sockets_open).toBe(0);
  });
});
