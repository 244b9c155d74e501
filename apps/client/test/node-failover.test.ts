import { once } from 'node:events';
import type { MoveReason, NodeStatus } from '@lightspeed/client';
import { describe, expect, it } from 'vitest';
import { NodeChoice } from '../src/control/node-choice.ts';
import type { Candidate } from '../src/control/node-choice.ts';
import { ControlNode } from './support/control-node.ts';
import { EchoServer, Peer, until } from './support/game.ts';
import { echoed, play, sentUntil } from './support/play.ts';
import { LOOPBACK } from './support/test-node.ts';
import { ENGINES, registeredTunnel, socketAddress } from './support/tunnel.ts';
import type { TestTunnel } from './support/tunnel.ts';

async function warm(tunnel: TestTunnel): Promise<void> {
  await tunnel.established(5_000);
  await until(() => tunnel.nodes.every(({ up }) => up), 'both nodes');
}

describe.each(ENGINES)('a tunnel with two nodes over the %s engine', (io) => {
  it('moves to the other one when the one in use dies, before that one counts as lost', async () => {
    await using a = await ControlNode.start();
    await using b = await ControlNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await registeredTunnel([a, b], [server.address], { io, keepaliveMs: 250 });
    await warm(tunnel);
    const [{ listen }] = tunnel.ingresses;
    using program = await play(3, listen);
    const [used, other] = tunnel.nodes[0].used ? [a, b] : [b, a];
    const lost: string[] = [];
    tunnel.on('lost', () => lost.push('lost'));

    const moved = once(tunnel, 'moved');
    await used.data.kill();
    await echoed(program, 'after', listen);

    const [node, why] = (await moved) as [NodeStatus, MoveReason];
    expect([node.name, why, tunnel.node]).toEqual([other.name, 'lost', socketAddress(other.data.address)]);
    // It has not waited for the keepalive after those that may be missed.
    expect(lost).toEqual([]);
    expect(tunnel.stats().counters.localPacketsReceived).toBeGreaterThan(3);
  });

  it('moves when the one in use drains, and still delivers what that one sends', async () => {
    await using a = await ControlNode.start();
    await using b = await ControlNode.start();
    using server = await Peer.start();
    await using tunnel = await registeredTunnel([a, b], [server.address], { io, keepaliveMs: 250 });
    await warm(tunnel);
    const [{ listen }] = tunnel.ingresses;
    using program = await Peer.start();
    program.send('first', listen);
    await server.got(1);
    const [used, other] = tunnel.nodes[0].used ? [a, b] : [b, a];

    const draining = once(tunnel, 'draining');
    const moved = once(tunnel, 'moved');
    await used.drain(30_000);
    expect((await draining)[1]).toBe(30_000);
    expect((await moved)[1]).toBe('draining');
    const ports = () => [...new Set(server.received.map(({ from }) => from.port))];
    await sentUntil(() => ports().length === 2, program, 'second', listen);
    const [first, second] = ports().map((port) => ({ ip: LOOPBACK, port }));
    server.send('late answer', first);
    server.send('answer', second);
    await program.got(2);

    expect(program.texts.toSorted()).toEqual(['answer', 'late answer']);
    expect(tunnel.node).toEqual(socketAddress(other.data.address));
    expect(tunnel.nodes.map(({ draining: is }) => is)).toEqual([used === a, used === b]);
    // It need not wait for us.
    await until(() => used.data.relay.sessionCount === 0, 'the end of the session that was left');
    expect(other.data.relay.sessionCount).toBe(1);

    await used.cut();
    await until(() => tunnel.nodes.every(({ up, draining: is }) => up && !is), 'the node that drained to be back');
    const back = once(tunnel, 'moved');
    await other.data.kill();
    expect((await back)[1]).toBe('lost');
    await sentUntil(() => server.texts.includes('third'), program, 'third', listen);
  });
});

it('a tunnel starts with the nodes that take it, and is refused when none does', async () => {
  await using a = await ControlNode.start();
  await using b = await ControlNode.start();
  a.behaviour.refuse = () => ({ reason: 'auth_failed', text: 'not you' });
  const tunnel = await registeredTunnel([a, b], []);
  await tunnel.established(5_000);
  expect(tunnel.nodes.map(({ used }) => used)).toEqual([false, true]);
  a.behaviour.refuse = undefined;
  await until(() => tunnel.nodes[0].up, 'the first node');
  await tunnel.close();
  a.behaviour.refuse = () => ({ reason: 'auth_failed', text: 'not you' });
  b.behaviour.refuse = () => ({ reason: 'rate_limited' });
  await expect(registeredTunnel([a, b], [])).rejects.toThrow(/: not you \(auth failed\); .*: rate limited$/);
});

it('a tunnel goes by another node when the data plane of the best one never answers', async () => {
  await using a = await ControlNode.start();
  await using b = await ControlNode.start();
  // Nobody is answered before it is known which one was chosen.
  for (const { data } of [a, b]) data.faults.dropFromClient = () => true;
  await using tunnel = await registeredTunnel([a, b], []);
  const [blocked, other] = tunnel.nodes[0].used ? [a, b] : [b, a];
  other.data.faults.dropFromClient = undefined;
  const moved = once(tunnel, 'moved');
  await tunnel.established(10_000);
  expect((await moved)[1]).toBe('lost');
  expect(tunnel.node).toEqual(socketAddress(other.data.address));
  expect(blocked.data.relay.sessionCount).toBe(0);
});

describe('the choice of a node', () => {
  const node = (slot: number, rttMs: number, more: Partial<Candidate> = {}): Candidate => {
    return { slot, up: true, opening: false, draining: false, rttMs, ...more };
  };

  it('takes the fastest one when its own is lost or drains, if there is a better one', () => {
    const choice = new NodeChoice(0);
    expect(choice.reconsider([node(0, 50), node(1, 10)])).toBeUndefined();
    expect(choice.reconsider([node(0, 10, { draining: true }), node(1, 30), node(2, 20)])).toBe('draining');
    expect(choice.used).toBe(2);
    expect(choice.reconsider([node(0, 10, { draining: true }), node(1, 30, { up: false }), node(2, 20, { up: false })])).toBe('lost');
    expect(choice.used).toBe(0);
    expect(choice.reconsider([node(0, 10, { draining: true }), node(1, 30, { draining: true })])).toBeUndefined();
    expect(choice.reconsider([node(0, 10, { up: false }), node(1, 30, { up: false })])).toBeUndefined();
  });

  it('waits a while for the first answer of its own', () => {
    const choice = new NodeChoice(0);
    expect(choice.reconsider([node(0, 10, { up: false, opening: true }), node(1, 30)])).toBeUndefined();
    expect(choice.reconsider([node(0, 10, { up: false }), node(1, 30)])).toBe('lost');
  });

  it('moves to a much faster one after three looks, and only while nothing is played', () => {
    const choice = new NodeChoice(0);
    const nodes = [node(0, 50), node(1, 10)];
    for (let i = 0; i < 5; i++) expect(choice.look(nodes, true)).toBeUndefined();
    expect(choice.look(nodes, false)).toBeUndefined();
    expect(choice.look([node(0, 50), node(1, 44)], false)).toBeUndefined();
    expect(choice.look(nodes, false)).toBeUndefined();
    expect(choice.look(nodes, false)).toBeUndefined();
    expect(choice.look(nodes, false)).toBe('faster');
    expect(choice.used).toBe(1);
    for (let i = 0; i < 5; i++) expect(choice.look([node(0, 1), node(1, 4)], false)).toBeUndefined();
  });
});
