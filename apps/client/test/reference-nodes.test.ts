import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { lightspeed } from './support/command.ts';
import { EchoServer, Peer, until } from './support/game.ts';
import { echoed, echoedOnce, play } from './support/play.ts';
import { ReferenceNode } from './support/reference-node.ts';
import { ENGINES, tunnelTo } from './support/tunnel.ts';

const isParity = (packet: Buffer) => packet[0] >> 4 === 2 && packet[22] >= packet[23];

/** Loses the n-th packet of a group that is no parity, and only that. */
function loseProtected(n: number): (packet: Buffer) => boolean {
  let seen = 0;
  return (packet) => packet[0] >> 4 === 2 && !isParity(packet) && ++seen === n;
}

describe.each(ENGINES)('over the %s engine, a deployed node of dialect reference', (io) => {
  const settings = { io, dialect: 'reference', fecGroupSize: 4 } as const;

  it.each([
    [0, 1],
    [4, 1],
    [4, 2],
  ])('carries a game both ways: groups of %i down from %i encoders', async (groupSize, encoders) => {
    using node = await ReferenceNode.start({ groupSize, encoders });
    using server = await EchoServer.named('');
    await using tunnel = await tunnelTo(node, [server.address], settings);
    using program = await play(40, tunnel.ingresses[0].listen);
    expect(program.texts).toEqual(Array.from({ length: 40 }, (_, i) => `${i}`));
    await until(() => tunnel.stats().counters.localPacketsSent === 40, 'the counters');
    expect(tunnel.stats().nodeDrops).toEqual({});
    expect(node.sessionsOpened).toBe(1);
  });

  it('gives each program its own answers, while they take turns', async () => {
    using node = await ReferenceNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await tunnelTo(node, [server.address], settings);
    using one = await Peer.start();
    using two = await Peer.start();
    for (let round = 0; round < 10; round++) {
      await echoedOnce(one, `one ${round}`, tunnel.ingresses[0].listen);
      await echoedOnce(two, `two ${round}`, tunnel.ingresses[0].listen);
    }
    const wrong = [...one.texts.filter((text) => !text.startsWith('one')), ...two.texts.filter((text) => !text.startsWith('two'))];
    expect(wrong).toEqual([]);
  });

  it('and its client give back what is lost between them', async () => {
    using node = await ReferenceNode.start();
    using server = await EchoServer.named('echo ');
    await using tunnel = await tunnelTo(node, [server.address], settings);
    using program = await Peer.start();
    node.dropFromClient = loseProtected(2);
    node.dropToClient = loseProtected(3);
    for (let i = 1; i <= 4; i++) program.send(`${i}`, tunnel.ingresses[0].listen);
    await program.got(4);
    expect(program.texts.toSorted()).toEqual(['echo 1', 'echo 2', 'echo 3', 'echo 4']);
    expect(node.recovered).toBe(1);
    await until(() => tunnel.stats().counters.fecRecovered === 1, 'the recovery in the statistics');
  });

  it('gives back a short answer beside one at whose 1,400 bytes its parity stops', async () => {
    using node = await ReferenceNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await tunnelTo(node, [server.address], settings);
    using program = await Peer.start();
    const texts = ['x'.repeat(1_440), 'short', 'y', 'z'];
    // The first group is complete: it shows what the node's lengths count.
    node.dropToClient = loseProtected(6);
    for (const [i, text] of [...texts, ...texts].entries()) {
      program.send(text, tunnel.ingresses[0].listen);
      await server.got(i + 1);
    }
    await program.got(8);
    expect(program.texts.toSorted()).toEqual([...texts, ...texts].toSorted());
  });

  it('goes on when it has begun another session after 300 s, whose numbers start over', async () => {
    using node = await ReferenceNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await tunnelTo(node, [server.address], settings);
    using program = await play(50, tunnel.ingresses[0].listen);
    node.pass(300_000);
    await echoed(program, 'after', tunnel.ingresses[0].listen);
    expect(node.sessionsOpened).toBe(2);
    expect(tunnel.stats()).toMatchObject({ state: 'established', counters: { timesLost: 0 } });
  });

  it('is there when it has echoed a probe, before it has a session, and measured by its echoes although they have its own clock', async () => {
    using node = await ReferenceNode.start();
    node.pass(1_000_000);
    await using tunnel = await tunnelTo(node, [], { ...settings, keepaliveMs: 50 });
    const [rttMs] = (await once(tunnel, 'roundTrip')) as [number];
    expect(rttMs).toBeGreaterThanOrEqual(0);
    expect(rttMs).toBeLessThan(10_000);
    expect([node.sessionsOpened, node.sessionCount]).toEqual([0, 0]);
  });
});

it('lightspeed ping measures a deployed node of dialect reference, and does not wait for an answer to its FIN', async () => {
  using node = await ReferenceNode.start();
  const args = ['ping', '--no-register', '--dialect', 'reference', '--node', node.name, '--count', '3', '--interval-ms', '50', '--json'];
  const { code, stdout, stderr } = await lightspeed(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ sent: 3, answered: 3 });
});
