import { NOTHING_DUE, SOMETHING_DUE, SnapshotRecords, sessionIdsIn, snapshotsIn } from '@lightspeed/session';
import type { SessionSnapshot } from '@lightspeed/session';
import { describe, expect, it } from 'vitest';
import type { FromWorker, SnapshotPart, SnapshotScope } from '../src/data-plane/messages.ts';
import { pack, unpack } from '../src/data-plane/chunks.ts';
import { SnapshotTeller } from '../src/data-plane/snapshots.ts';
import { NodeSnapshots, WorkerSnapshots } from '../src/supervisor/snapshots.ts';

function session(sessionId: number): SessionSnapshot {
  const nonces = { highest: 2n ** 63n + BigInt(sessionId), below: 0n };
  return { sessionId, multipath: 'standby', paths: [], sequence: 1, groupId: 2, nonces, openingNonce: 0n, flows: [] };
}

function partOf(sessions: readonly SessionSnapshot[], scope: SnapshotScope, isLast: boolean): SnapshotPart {
  const records = new SnapshotRecords();
  for (const one of sessions) records.add(one);
  return { records: records.take(), scope, isLast };
}

const all = (sessions: SessionSnapshot[], isLast: boolean) => partOf(sessions, 'all', isLast);
const changed = (sessions: SessionSnapshot[], isLast: boolean) => partOf(sessions, 'changed', isLast);

const ids = (saved: WorkerSnapshots): number[] => [...saved.all].map(({ sessionId }) => sessionId);

describe('the sessions of a worker', () => {
  it('are those of the save before until the last part of the next one has come', () => {
    const saved = new WorkerSnapshots();
    saved.take(all([session(1), session(2)], true));
    saved.take(all([session(3)], false));
    expect(ids(saved)).toEqual([1, 2]);
    saved.take(all([session(4)], true));
    expect(ids(saved)).toEqual([3, 4]);
    saved.take(all([], true));
    expect(ids(saved)).toEqual([]);
  });

  it('that end while the next save is under way are in neither', () => {
    const saved = new WorkerSnapshots();
    saved.take(all([session(1), session(2)], true));
    saved.take(all([session(1), session(2)], false));
    saved.delete(2);
    expect(ids(saved)).toEqual([1]);
    saved.take(all([], true));
    expect(ids(saved)).toEqual([1]);
  });

  it('are those of the last whole save if the worker crashes within the next', () => {
    const saved = new WorkerSnapshots();
    saved.take(all([session(1)], true));
    saved.take(all([session(2)], false));
    saved.giveUp();
    expect(ids(saved)).toEqual([1]);
    saved.take(all([session(3)], true));
    expect(ids(saved)).toEqual([3]);
  });
});

it('a session that ends and comes again within a save is there once, as it was last', () => {
  const saved = new WorkerSnapshots();
  saved.take(all([session(1), session(2)], false));
  saved.delete(1);
  saved.take(all([session(3), { ...session(1), sequence: 9 }], true));
  expect(ids(saved)).toEqual([2, 3, 1]);
  expect([...saved.all].map(({ sequence }) => sequence)).toEqual([1, 1, 9]);
});

it('a session that two workers tell of is the one of the worker that counts for more', () => {
  const snapshots = new NodeSnapshots(2, []);
  snapshots.take(0, all([session(1), session(2)], true));
  snapshots.take(1, all([session(2), session(3), session(4)], true));
  const each = [...snapshots.all([1, 0], (sessionId) => sessionId !== 4)];
  expect(each.map(({ worker, session: { sessionId } }) => [worker, sessionId])).toEqual([
    [1, 2],
    [1, 3],
    [0, 1],
  ]);
});

/** A relay with sessions in so many places, of which some have changed. */
function relayOf(places: number, hasChanged: (place: number) => boolean) {
  const calls = { takeSome: 0, takeChanged: 0, lookForDue: 0 };
  const end = (first: number, most: number): number => Math.min(places, first + most);
  const save = (first: number, most: number, into: SnapshotRecords, isWanted: (place: number) => boolean): number => {
    for (let place = first; place < end(first, most); place++) if (isWanted(place)) into.add(session(place));
    return end(first, most) < places ? end(first, most) : -1;
  };
  return {
    calls,
    takeSome(first: number, most: number, into: SnapshotRecords): number {
      calls.takeSome++;
      return save(first, most, into, () => true);
    },
    takeChanged(first: number, most: number, into: SnapshotRecords): number {
      calls.takeChanged++;
      return save(first, most, into, hasChanged);
    },
    lookForDue(first: number, most: number): number {
      calls.lookForDue++;
      for (let place = first; place < end(first, most); place++) if (hasChanged(place)) return SOMETHING_DUE;
      return end(first, most) < places ? end(first, most) : NOTHING_DUE;
    },
  };
}

function toldBy(teller: SnapshotTeller, told: readonly FromWorker[], request: number): SnapshotPart[] {
  for (let calls = 0; teller.advance(25) < 25; calls++) if (calls > 100) throw new Error('it never ends');
  return told.flatMap((message) => (message.type === 'snapshots' && message.request === request ? [message.part] : []));
}

const sessionsIn = (parts: readonly SnapshotPart[]): number[] => parts.flatMap(({ records }) => [...sessionIdsIn(records)]);

it('a worker tells of its sessions part by part, of one request after the other, and then wants nothing more', () => {
  const told: FromWorker[] = [];
  const teller = new SnapshotTeller(
    relayOf(150, () => true),
    (message) => told.push(message),
  );
  expect(teller.advance(25)).toBe(25);
  teller.take(7, 'all');
  teller.take(8, 'changed');
  const every = Array.from({ length: 150 }, (_, place) => place);
  for (const request of [7, 8]) {
    const parts = toldBy(teller, told, request);
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.map(({ isLast }) => isLast)).toEqual(parts.map((_, i) => i === parts.length - 1));
    expect(sessionsIn(parts)).toEqual(every);
  }
  expect(told.map((message) => 'request' in message && message.request).toSorted()).toEqual(
    told.map((message) => 'request' in message && message.request),
  );
});

it('a worker with nothing new says so in one empty part, and has saved nothing', () => {
  const told: FromWorker[] = [];
  const relay = relayOf(5_000, () => false);
  const teller = new SnapshotTeller(relay, (message) => told.push(message));
  teller.take(7, 'changed');
  const parts = toldBy(teller, told, 7);
  expect(parts).toEqual([{ records: new Int32Array(), scope: 'changed', isLast: true }]);
  expect(relay.calls).toEqual({ takeSome: 0, takeChanged: 0, lookForDue: 5 });
});

it('a worker tells of the few that have changed, not of those between them', () => {
  const told: FromWorker[] = [];
  const news = new Set([3, 2_000, 4_999]);
  const teller = new SnapshotTeller(
    relayOf(5_000, (place) => news.has(place)),
    (message) => told.push(message),
  );
  teller.take(7, 'changed');
  const parts = toldBy(teller, told, 7);
  expect(sessionsIn(parts)).toEqual([...news]);
  expect(parts.length).toBeLessThanOrEqual(4);
});

describe('sessions that have changed since a worker told of all', () => {
  it('take the place of what they were, and leave the others as they are', () => {
    const saved = new WorkerSnapshots();
    saved.take(all([session(1), session(2), session(3)], true));
    expect(saved.take(changed([{ ...session(2), sequence: 9 }], false))).toBe(false);
    expect([...saved.all].map(({ sequence }) => sequence)).toEqual([1, 1, 1]);
    expect(saved.take(changed([session(4)], true))).toBe(true);
    expect([...saved.all].map(({ sessionId, sequence }) => [sessionId, sequence])).toEqual([
      [1, 1],
      [3, 1],
      [2, 9],
      [4, 1],
    ]);
    expect(saved.take(changed([], true))).toBe(false);
    saved.delete(2);
    expect(ids(saved)).toEqual([1, 3, 4]);
  });

  it('are not enough at first, after a crash, and when most of what is packed does not count any more', () => {
    const saved = new WorkerSnapshots([session(1)]);
    expect(saved.wantsAll).toBe(true);
    saved.take(changed([session(2)], true));
    expect(saved.wantsAll).toBe(true);
    saved.take(all([session(1)], true));
    expect(saved.wantsAll).toBe(false);
    saved.giveUp();
    expect(saved.wantsAll).toBe(true);
    saved.take(all([session(1)], true));
    let saves = 0;
    for (; !saved.wantsAll; saves++) saved.take(changed([session(1)], true));
    expect(saves).toBe(1_025);
    expect(ids(saved)).toEqual([1]);
  });
});

it('what a thread is started with comes out as it went in, however much it is, and once', () => {
  for (const count of [0, 1, 256, 257, 1_000]) {
    const sessions = Array.from({ length: count }, (_, id) => session(id));
    const chunks = pack(sessions);
    expect([...unpack(structuredClone(chunks))]).toEqual(sessions);
    expect([...unpack(chunks)]).toEqual(sessions);
    expect([...unpack(chunks)]).toEqual([]);
    expect([...snapshotsIn(structuredClone(new WorkerSnapshots(sessions).records))]).toEqual(sessions);
  }
});
