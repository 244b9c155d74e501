import { NOTHING_DUE, SOMETHING_DUE, SessionRecords, sessionIdsIn } from '@lightspeed/session';
import type { SavedSession } from '@lightspeed/session';
import { describe, expect, it } from 'vitest';
import type { FromWorker, SavedPart, SaveScope } from '../src/data-plane/messages.ts';
import { pack, unpack } from '../src/data-plane/chunks.ts';
import { SessionSaver } from '../src/data-plane/session-saver.ts';
import { SavedSessions, eachOnce } from '../src/supervisor/saved-sessions.ts';

function session(sessionId: number): SavedSession {
  const nonces = { highest: 2n ** 63n + BigInt(sessionId), below: 0n };
  return { sessionId, multipath: 'standby', paths: [], sequence: 1, groupId: 2, nonces, flows: [] };
}

function partOf(sessions: readonly SavedSession[], scope: SaveScope, isLast: boolean): SavedPart {
  const records = new SessionRecords();
  for (const one of sessions) records.add(one);
  return { records: records.take(), scope, isLast };
}

const all = (sessions: SavedSession[], isLast: boolean) => partOf(sessions, 'all', isLast);
const changed = (sessions: SavedSession[], isLast: boolean) => partOf(sessions, 'changed', isLast);

const ids = (saved: SavedSessions): number[] => [...saved.all].map(({ sessionId }) => sessionId);

describe('the sessions of a worker', () => {
  it('are those of the save before until the last part of the next one has come', () => {
    const saved = new SavedSessions();
    saved.take(all([session(1), session(2)], true));
    saved.take(all([session(3)], false));
    expect(ids(saved)).toEqual([1, 2]);
    saved.take(all([session(4)], true));
    expect(ids(saved)).toEqual([3, 4]);
    saved.take(all([], true));
    expect(ids(saved)).toEqual([]);
  });

  it('that end while the next save is under way are in neither', () => {
    const saved = new SavedSessions();
    saved.take(all([session(1), session(2)], true));
    saved.take(all([session(1), session(2)], false));
    saved.delete(2);
    expect(ids(saved)).toEqual([1]);
    saved.take(all([], true));
    expect(ids(saved)).toEqual([1]);
  });

  it('are those of the last whole save if the worker crashes within the next', () => {
    const saved = new SavedSessions();
    saved.take(all([session(1)], true));
    saved.take(all([session(2)], false));
    saved.giveUp();
    expect(ids(saved)).toEqual([1]);
    saved.take(all([session(3)], true));
    expect(ids(saved)).toEqual([3]);
  });
});

it('a session that ends and comes again within a save is there once, as it was last', () => {
  const saved = new SavedSessions();
  saved.take(all([session(1), session(2)], false));
  saved.delete(1);
  saved.take(all([session(3), { ...session(1), sequence: 9 }], true));
  expect(ids(saved)).toEqual([2, 3, 1]);
  expect([...saved.all].map(({ sequence }) => sequence)).toEqual([1, 1, 9]);
});

it('a session that two workers tell of is the one of the worker that counts for more', () => {
  const [first, second] = [new SavedSessions(), new SavedSessions()];
  first.take(all([session(1), session(2)], true));
  second.take(all([session(2), session(3), session(4)], true));
  const each = [...eachOnce([first, second], [1, 0], (sessionId) => sessionId !== 4)];
  expect(each.map(({ worker, session: { sessionId } }) => [worker, sessionId])).toEqual([
    [1, 2],
    [1, 3],
    [0, 1],
  ]);
});

/** A relay with sessions in so many places, of which some have changed. */
function relayOf(places: number, hasChanged: (place: number) => boolean) {
  const calls = { saveSome: 0, saveChanged: 0, lookForDue: 0 };
  const end = (first: number, most: number): number => Math.min(places, first + most);
  const save = (first: number, most: number, into: SessionRecords, isWanted: (place: number) => boolean): number => {
    for (let place = first; place < end(first, most); place++) if (isWanted(place)) into.add(session(place));
    return end(first, most) < places ? end(first, most) : -1;
  };
  return {
    calls,
    saveSome(first: number, most: number, into: SessionRecords): number {
      calls.saveSome++;
      return save(first, most, into, () => true);
    },
    saveChanged(first: number, most: number, into: SessionRecords): number {
      calls.saveChanged++;
      return save(first, most, into, hasChanged);
    },
    lookForDue(first: number, most: number): number {
      calls.lookForDue++;
      for (let place = first; place < end(first, most); place++) if (hasChanged(place)) return SOMETHING_DUE;
      return end(first, most) < places ? end(first, most) : NOTHING_DUE;
    },
  };
}

function toldBy(saver: SessionSaver, told: readonly FromWorker[], request: number): SavedPart[] {
  for (let calls = 0; saver.advance(25) < 25; calls++) if (calls > 100) throw new Error('it never ends');
  return told.flatMap((message) => (message.type === 'saved' && message.request === request ? [message.part] : []));
}

const sessionsIn = (parts: readonly SavedPart[]): number[] => parts.flatMap(({ records }) => [...sessionIdsIn(records)]);

it('a worker tells of its sessions part by part, of one request after the other, and then wants nothing more', () => {
  const told: FromWorker[] = [];
  const saver = new SessionSaver(
    relayOf(150, () => true),
    (message) => told.push(message),
  );
  expect(saver.advance(25)).toBe(25);
  saver.save(7, 'all');
  saver.save(8, 'changed');
  const every = Array.from({ length: 150 }, (_, place) => place);
  for (const request of [7, 8]) {
    const parts = toldBy(saver, told, request);
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
  const saver = new SessionSaver(relay, (message) => told.push(message));
  saver.save(7, 'changed');
  const parts = toldBy(saver, told, 7);
  expect(parts).toEqual([{ records: new Int32Array(), scope: 'changed', isLast: true }]);
  expect(relay.calls).toEqual({ saveSome: 0, saveChanged: 0, lookForDue: 5 });
});

it('a worker tells of the few that have changed, not of those between them', () => {
  const told: FromWorker[] = [];
  const news = new Set([3, 2_000, 4_999]);
  const saver = new SessionSaver(
    relayOf(5_000, (place) => news.has(place)),
    (message) => told.push(message),
  );
  saver.save(7, 'changed');
  const parts = toldBy(saver, told, 7);
  expect(sessionsIn(parts)).toEqual([...news]);
  expect(parts.length).toBeLessThanOrEqual(4);
});

describe('sessions that have changed since a worker told of all', () => {
  it('take the place of what they were, and leave the others as they are', () => {
    const saved = new SavedSessions();
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
    const saved = new SavedSessions([session(1)]);
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
  }
});
