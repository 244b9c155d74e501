import { describe, expect, it } from 'vitest';
import { TunnelHeader } from '@lightspeed/wire';
import { CLIENT_IP, SECRET, SESSION_ID, clientAt, proof } from './support/proof-client.ts';
import { DuplicateWindow } from '../src/base/duplicate-window.ts';
import { LossTotals } from '../src/relay/loss-totals.ts';
import { PROGRAM, SERVER } from './support/lstp-client.ts';
import { RelayHost } from './support/relay-host.ts';

const NONE = { expected: 0, received: 0, late: 0 };

function sessionScene() {
  const host = new RelayHost({ admission: 'registered' });
  const token = host.register({ sessionId: SESSION_ID, ip: CLIENT_IP, dialect: 'standard', secret: SECRET });
  const client = clientAt(host, '203.0.113.5:1', token);
  client.raw(proof(token, 1n));
  const send = (...sequences: number[]) => {
    for (const sequence of sequences) client.data('x', SERVER, PROGRAM, sequence);
    return host.relay.takeLossOf(SESSION_ID);
  };
  return { host, client, send };
}

describe('the totals of all sessions', () => {
  const windowOf = (...sequences: number[]) => {
    const window = new DuplicateWindow();
    for (const sequence of sequences) window.accept(sequence, 0, 0, false);
    return window;
  };

  it('have a session once that ends after the sweep under way has come by it, and never go down', () => {
    const totals = new LossTotals();
    const [first, second] = [windowOf(1, 2), windowOf(1, 3, 2)];
    totals.begin();
    totals.add(0, first);
    totals.end(0, first);
    totals.add(1, second);
    totals.finish();
    expect(totals).toMatchObject({ expected: 5, received: 5, late: 1 });
    totals.end(1, second);
    totals.begin();
    totals.finish();
    expect(totals).toMatchObject({ expected: 5, received: 5, late: 1 });
  });

  it('do not miss a session that ends before the sweep under way comes by it', () => {
    const totals = new LossTotals();
    const [first, second] = [windowOf(1), windowOf(1, 4)];
    totals.begin();
    totals.add(0, first);
    totals.end(1, second);
    totals.finish();
    expect(totals).toMatchObject({ expected: 5, received: 3 });
  });
});

describe('the loss of a session', () => {
  it('is what was missing, and what was late, since it was asked about last', () => {
    const { send } = sessionScene();
    expect(send()).toEqual(NONE);
    expect(send(10, 11, 12)).toEqual({ expected: 3, received: 3, late: 0 });
    expect(send(13, 16)).toEqual({ expected: 4, received: 2, late: 0 });
    // One of the two comes after all, and again: it is late once.
    expect(send(15, 15, 17)).toEqual({ expected: 1, received: 2, late: 1 });
    expect(send()).toEqual(NONE);
  });

  it('is that on the wire: what parity brings back counts as lost', () => {
    const { host, client } = sessionScene();
    client.sequence = 20;
    client.fecData(0, 0, 2, 'a');
    client.sequence++;
    client.fecParity(0, ['a', 'b']);
    expect(host.takeToServers()).toHaveLength(2);
    expect(host.relay.takeLossOf(SESSION_ID)).toEqual({ expected: 3, received: 2, late: 0 });
  });

  it('has no keepalives, which take numbers, and nothing that was refused for its rate', () => {
    const { host, client, send } = sessionScene();
    send(10, 11);
    for (const sequence of [12, 13]) client.send(TunnelHeader.keepalive(sequence, 1));
    expect(send(14)).toEqual({ expected: 1, received: 1, late: 0 });
    // One that comes behind a later packet is not expected any more when the next one comes.
    expect(send(16)).toEqual({ expected: 2, received: 1, late: 0 });
    client.send(TunnelHeader.keepalive(15, 1));
    expect(send(17, 18)).toEqual({ expected: 1, received: 2, late: 0 });
    // One with the number of a data packet, of a peer that numbers them apart, changes nothing.
    client.send(TunnelHeader.keepalive(18, 1));
    expect(send(19)).toEqual({ expected: 1, received: 1, late: 0 });
    expect(host.count('keepalives')).toBe(4);
    const burst = Array.from({ length: 1_300 }, (_, i) => 20 + i);
    const { expected, received } = send(...burst) ?? NONE;
    expect(expected - received).toBe(0);
    expect(host.drops()).toMatchObject({ 'client:rate_packets': expect.any(Number) as number });
  });

  it('is in the relay’s counters after a sweep, that of sessions that have ended included, and each counts once', () => {
    const { host, send } = sessionScene();
    const totals = () => [host.count('sequenceExpected'), host.count('sequenceReceived'), host.count('sequenceLate')];
    send(10, 12, 11, 15);
    host.pass(1_000);
    expect(totals()).toEqual([6, 4, 1]);
    host.pass(1_000);
    expect(totals()).toEqual([6, 4, 1]);
    host.unregister(SESSION_ID);
    host.pass(1_000);
    expect(totals()).toEqual([6, 4, 1]);
    host.relay.shutdown();
    expect(totals()).toEqual([6, 4, 1]);
  });

  it('goes on when the client starts over, and is not known of a session that is not there', () => {
    const { host, send } = sessionScene();
    send(1_000, 1_001);
    host.pass(1_000);
    expect(send(...Array.from({ length: 8 }, (_, i) => 40_000 + i))).toEqual({ expected: 1, received: 1, late: 0 });
    host.unregister(SESSION_ID);
    expect(host.relay.takeLossOf(SESSION_ID)).toBeUndefined();
  });
});
