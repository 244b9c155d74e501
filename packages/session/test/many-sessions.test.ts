import { describe, expect, it } from 'vitest';
import { SnapshotRecords } from '@lightspeed/session';
import { LstpClient, PROGRAM } from './support/lstp-client.ts';
import { CLIENT_IP, clientAt } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';

const SESSIONS = 3_000;
/** What a call may end at the most: the packets that wait meanwhile must not notice. */
const MOST_ENDS_PER_CALL = 64;

function crowd(count: number): RelayHost {
  const host = new RelayHost({ maxPpsPerUnboundAddress: 1_000_000, maxSessionsPerAddress: count, flowTimeoutMs: 1_000_000 });
  for (let i = 0; i < count; i++) new LstpClient(host, `203.0.113.5:${i + 1}`).open().data('x');
  host.takeToServers();
  return host;
}

describe('a relay with very many sessions', () => {
  it('ends few of them in one call, and asks to be called again soon, until all are over', () => {
    const host = crowd(SESSIONS);
    host.nowMs += 301_000;
    let calls = 0;
    while (host.relay.sessionCount > 0) {
      const before = host.relay.sessionCount;
      const wantedInMs = host.tick();
      expect(before - host.relay.sessionCount).toBeLessThanOrEqual(MOST_ENDS_PER_CALL);
      if (host.relay.sessionCount > 0) expect(wantedInMs).toBeLessThanOrEqual(5);
      host.nowMs += wantedInMs;
      calls++;
    }
    expect(calls).toBeGreaterThanOrEqual(SESSIONS / MOST_ENDS_PER_CALL);
    // Counted when the sweep is through.
    host.pass(1_000, 1);
    expect([host.count('sessions'), host.count('flows'), host.count('sessionsExpired')]).toEqual([0, 0, SESSIONS]);
    expect(host.openEgressSockets.size).toBe(0);
  });

  it('keeps those that live, wherever they stand among those that end', () => {
    const host = crowd(SESSIONS);
    const living = [0, 1_023, 1_024, 2_047, 2_999].map((i) => new LstpClient(host, `203.0.113.5:${i + 1}`));
    host.pass(200_000, 500);
    // The same HANDSHAKE again is a sign of life.
    for (const client of living) client.open();
    host.pass(150_000, 500);
    expect(host.relay.sessionCount).toBe(living.length);
  });

  it('does not count what is recovered in a sweep twice, however long the sweep takes', () => {
    const host = crowd(SESSIONS);
    const client = new LstpClient(host, '203.0.113.6:1').open();
    client.fecData(0, 0, 2, 'one');
    client.sequence++;
    client.fecParity(0, ['one', 'two']);
    const seen: number[] = [];
    for (let ms = 0; ms < 3_000; ms += 5) {
      host.pass(5, 5);
      seen.push(host.count('fecRecovered'));
      if (ms === 1_000) client.open();
    }
    expect(new Set(seen)).toEqual(new Set([0, 1]));
    expect(seen).toEqual(seen.toSorted());
  });
});

describe('sessions that are saved some at a time', () => {
  it('are in the end those that are saved all at once', () => {
    const host = new RelayHost({ admission: 'registered', maxPpsPerUnboundAddress: 10_000 });
    for (let i = 1; i <= 150; i++) {
      host.relay.register({ sessionId: i, prefixHigh: 0, prefixLow: CLIENT_IP, token: i, dialect: 'standard' });
      clientAt(host, `203.0.113.5:${i}`, i).open().data('x');
    }
    // Places in the middle are free again.
    for (let i = 40; i <= 70; i++) host.unregister(i);
    const parts = new SnapshotRecords();
    let calls = 0;
    for (let next = 0; next >= 0; calls++) {
      const before = parts.count;
      next = host.relay.snapshots.takeSome(next, 25, parts);
      expect(parts.count - before).toBeLessThanOrEqual(25);
    }
    expect([calls, parts.count]).toEqual([6, 119]);
    expect([...parts]).toEqual(host.relay.snapshots.takeAll());
  });

  it('are none, after one call, where there are none', () => {
    const none = new SnapshotRecords();
    expect(new RelayHost().relay.snapshots.takeSome(0, 25, none)).toBe(-1);
    expect([...none]).toEqual([]);
  });
});

describe('a session with many flows', () => {
  it('finds each of them, old and new, while they come and go', () => {
    const host = new RelayHost({ maxFlowsPerSession: 20, flowTimeoutMs: 20_000, sessionTimeoutMs: 20_000 });
    const client = new LstpClient(host).open();
    const programs = Array.from({ length: 12 }, (_, i) => ({ ip: PROGRAM.ip, port: 1_000 + i }));
    const egressOf = new Map<number, number>();
    const play = (count: number): number[] => {
      const sockets: number[] = [];
      for (const program of programs.slice(0, count)) {
        client.data('x', undefined, program);
        const [{ egress } = { egress: -1 }] = host.takeToServers();
        if (!egressOf.has(program.port)) egressOf.set(program.port, egress);
        sockets.push(egress);
      }
      return sockets;
    };
    const first = play(12);
    expect([new Set(first).size, host.relay.flowCount]).toEqual([12, 12]);
    expect(play(12)).toEqual(first);
    // All but three fall silent, and come again.
    for (let i = 0; i < 5; i++) {
      host.pass(5_000, 500);
      play(3);
    }
    expect(host.relay.flowCount).toBe(3);
    expect(play(3)).toEqual(first.slice(0, 3));
    const again = play(12);
    expect([new Set(again).size, host.relay.flowCount]).toEqual([12, 12]);
    expect(play(12)).toEqual(again);
  });
});
