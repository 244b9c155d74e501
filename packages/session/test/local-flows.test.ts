import { describe, expect, it } from 'vitest';
import { TunnelHeader } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { bytesOf, endpoint, textOf } from './support/lstp-client.ts';
import { TunnelHost } from './support/tunnel-host.ts';

const NODE = endpoint('192.0.2.1:4434');
const OTHER = endpoint('198.51.100.1:4434');
const PROGRAM = endpoint('127.0.0.1:50000');
const SERVER = endpoint('203.0.113.9:8303');
const TOKEN = 5;

/** A tunnel of dialect reference, which is established at once, without FEC. */
function tunnel(paths = 1): TunnelHost {
  const host = new TunnelHost({ dialect: 'reference', token: TOKEN, fecGroupSize: 0, paths });
  host.open();
  host.takeToNode();
  return host;
}

function answer(sequence: number, text: string): Uint8Array {
  return TunnelHeader.data(sequence, 0, SERVER, PROGRAM).withSessionToken(TOKEN).encodeWithPayload(bytesOf(text));
}

function textsAt(host: TunnelHost): string[] {
  return host.takeToLocal().map(({ bytes }) => textOf(bytes));
}

describe('a local flow', () => {
  it('gets the answers of every tunnel that has carried it', () => {
    const [a, b] = [tunnel(), tunnel()];
    const flow = a.flowOf(PROGRAM, SERVER);
    b.adopt(flow);
    a.fromLocal(bytesOf('by a'), PROGRAM, SERVER);
    b.fromLocal(bytesOf('by b'), PROGRAM, SERVER);
    a.fromLocal(bytesOf('by a again'), PROGRAM, SERVER);
    a.fromNode(answer(0, 'of a'));
    b.fromNode(answer(0, 'of b'));
    expect([textsAt(a), textsAt(b)]).toEqual([['of a'], ['of b']]);
    expect([a, b].map((host) => host.takeToNode().length)).toEqual([2, 1]);
  });

  it('is forgotten by its tunnel when it is closed, and what comes for it then is counted', () => {
    const host = tunnel();
    host.fromLocal(bytesOf('x'), PROGRAM, SERVER);
    host.tunnel.closeFlow(host.flowOf(PROGRAM, SERVER));
    host.fromNode(answer(0, 'late'));
    expect(textsAt(host)).toEqual([]);
    expect(host.drops()).toEqual({ 'node:unknown_flow': 1 });
    host.fromLocal(bytesOf('x'), PROGRAM, SERVER);
    host.fromNode(answer(1, 'again'));
    expect(textsAt(host)).toEqual(['again']);
  });

  it('is not closed by a tunnel that carries it no more', () => {
    const [a, b] = [tunnel(), tunnel()];
    const flow = a.flowOf(PROGRAM, SERVER);
    b.adopt(flow);
    a.fromLocal(bytesOf('x'), PROGRAM, SERVER);
    b.fromLocal(bytesOf('x'), PROGRAM, SERVER);
    a.tunnel.closeFlow(flow);
    b.fromNode(answer(0, 'of b'));
    expect(textsAt(b)).toEqual(['of b']);
  });
});

describe('a tunnel that carries as many flows as it may', () => {
  it('gives the place of the one that is silent for longest to a new one, if that is not in use', () => {
    const host = new TunnelHost({ dialect: 'reference', token: TOKEN, fecGroupSize: 0, maxFlows: 2 });
    host.open();
    const send = (port: number) => host.fromLocal(bytesOf('x'), { ...PROGRAM, port }, SERVER);
    send(1);
    host.pass(1_000);
    send(2);
    host.pass(28_000, 1_000);
    send(1);
    send(3);
    expect(host.drops()).toEqual({ 'local:flow_limit': 1 });
    host.pass(2_000, 1_000);
    host.takeToNode();
    for (const port of [3, 1]) send(port);
    expect(host.takeToNode()).toHaveLength(2);
    expect(host.drops()).toEqual({ 'local:flow_limit': 1 });
  });
});

describe('the node’s address', () => {
  it('is each path’s own, and may change', () => {
    const host = tunnel(2);
    host.fromLocal(bytesOf('x'), PROGRAM, SERVER);
    host.tunnel.setNodeAddress(1, OTHER.ip, OTHER.port);
    const from = (sender: Endpoint, path: number, sequence: number) => host.fromNode(answer(sequence, `${path}`), sender, path);
    from(NODE, 0, 0);
    from(NODE, 1, 1);
    from(OTHER, 0, 2);
    from(OTHER, 1, 3);
    expect(textsAt(host)).toEqual(['0', '1']);
    expect(host.drops()).toEqual({ 'node:unexpected_source': 2 });
  });
});
