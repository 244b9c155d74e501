import { once } from 'node:events';
import { readFlags, readSequence } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { EchoServer, Peer, Refusing, until } from './support/game.ts';
import { TestNode } from './support/test-node.ts';
import { ENGINES, tunnelTo } from './support/tunnel.ts';

/** Of each pause up to half is left out, by chance. */
function expectPause([pauseMs]: unknown[], fullMs: number): void {
  expect(pauseMs).toBeGreaterThan(fullMs / 2);
  expect(pauseMs).toBeLessThanOrEqual(fullMs);
}

describe.each(ENGINES)('a tunnel over the %s engine', (io) => {
  it('asks for a new session when the node has ended the last one', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('echo ');
    await using tunnel = await tunnelTo(node, [server.address], { io });
    await tunnel.established(5_000);
    using program = await Peer.start();
    program.send('before', tunnel.ingresses[0].listen);
    await program.got(1);

    const ended = once(tunnel, 'ended-by-node');
    const again = once(tunnel, 'established');
    node.endSessions();
    expectPause(await ended, 500);
    await again;
    program.send('after', tunnel.ingresses[0].listen);
    await program.got(2);

    expect(program.texts).toEqual(['echo before', 'echo after']);
    expect(node.count('sessionsOpened')).toBe(2);
  });

  it('waits longer each time that the node ends a young session', async () => {
    await using node = await TestNode.start();
    await using tunnel = await tunnelTo(node, [], { io });
    await tunnel.established(5_000);
    for (const pauseMs of [500, 1_000]) {
      const ended = once(tunnel, 'ended-by-node');
      const again = once(tunnel, 'established');
      node.endSessions();
      expectPause(await ended, pauseMs);
      await again;
    }
  });

  it('leaves it at that when it is told not to ask again', async () => {
    await using node = await TestNode.start();
    await using tunnel = await tunnelTo(node, [], { io, reopen: false });
    await tunnel.established(5_000);
    const ended = once(tunnel, 'ended-by-node');
    node.endSessions();
    expect(await ended).toEqual([undefined]);
    expect(tunnel.stats().state).toBe('idle');
  });

  it('says that the node is lost, goes on trying, and says when it is back', async () => {
    await using node = await TestNode.start();
    await using tunnel = await tunnelTo(node, [], { io, keepaliveMs: 50, maxKeepaliveMisses: 2 });
    await tunnel.established(5_000);
    const lost = once(tunnel, 'lost');
    node.faults.dropFromClient = () => true;
    await lost;
    expect(tunnel.stats().state).toBe('lost');
    const back = once(tunnel, 'established');
    node.faults.dropFromClient = () => false;
    await back;
    expect(tunnel.stats().counters.timesLost).toBeGreaterThanOrEqual(1);
  });

  it('repeats its FIN when the first is lost', async () => {
    await using node = await TestNode.start();
    const tunnel = await tunnelTo(node, [], { io });
    await tunnel.established(5_000);
    const fins: number[] = [];
    node.faults.dropFromClient = (packet) => (readFlags(packet, 0) & 4) !== 0 && fins.push(readSequence(packet, 0)) === 1;
    await tunnel.close();
    // One more where the machine is so busy that the answer takes as long as a repetition; always the same one.
    expect(fins.length).toBeGreaterThanOrEqual(2);
    expect(new Set(fins).size).toBe(1);
    // The node waits for a second whether the client shows that it is still there.
    await until(() => node.relay.sessionCount === 0, 'the end of the session');
  });

  it('rejects with what was tried and what to check when the node is silent', async () => {
    using silent = await Peer.start();
    await using tunnel = await tunnelTo({ address: silent.address }, [], { io });
    const refusal = tunnel.established(300);
    await expect(refusal).rejects.toMatchObject({ code: 'ERR_CLIENT_NO_ANSWER' });
    await expect(refusal).rejects.toThrow(
      new RegExp(`no answer from node 127\\.0\\.0\\.1:${silent.address.port} to \\d+ packets .* firewalls .* \\(token`),
    );
  });

  it('says so when the node’s machine refuses the port', async () => {
    using gone = await Refusing.start();
    await using tunnel = await tunnelTo(gone, [], { io });
    await expect(tunnel.established(200)).rejects.toThrow(/nothing listens on that port/);
  });

  it('rejects when it is closed before the node has answered, and does not dwell on its FIN', async () => {
    using silent = await Peer.start();
    const tunnel = await tunnelTo({ address: silent.address }, [], { io });
    const outcome = expect(tunnel.established(60_000)).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
    await tunnel.close();
    await outcome;
    const flags = () => silent.received.map(({ text }) => text.charCodeAt(0) & 0x0f);
    await until(() => flags().includes(4), 'a FIN');
    expect(flags().filter((flag) => flag === 4)).toHaveLength(1);
  });

  it('needs no acknowledgement from a node of the dialect reference', async () => {
    await using node = await TestNode.start({ dialect: 'reference' });
    // Such a node never acknowledges HANDSHAKE or FIN.
    node.faults.dropToClient = (packet) => (readFlags(packet, 0) & 6) !== 0;
    using server = await EchoServer.named('echo ');
    const settings = { io, dialect: 'reference', fecGroupSize: 2, keepaliveMs: 50 } as const;
    const tunnel = await tunnelTo(node, [server.address], settings);
    await tunnel.established(5_000);
    using program = await Peer.start();
    program.send('1', tunnel.ingresses[0].listen);
    await program.got(1);
    await once(tunnel, 'roundTrip');
    await tunnel.close();
    expect(program.texts).toEqual(['echo 1']);
    await until(() => node.relay.sessionCount === 0, 'the FIN');
  });
});
