import type { SavedSession } from '@lightspeed/session';
import { describe, expect, it } from 'vitest';
import type { FromWorker } from '../src/data-plane/messages.ts';
import { pack, unpack } from '../src/data-plane/parcels.ts';
import { SessionSaver } from '../src/data-plane/session-saver.ts';
import { SavedSessions, eachOnce } from '../src/supervisor/saved-sessions.ts';

function session(sessionId: number): SavedSession {
  const nonces = { highest: 2n ** 63n + BigInt(sessionId), below: 0n };
  return { sessionId, multipath: 'standby', paths: [], sequence: 1, groupId: 2, idleMs: 3, nonces, flows: [] };
}

const ids = (saved: SavedSessions): number[] => [...saved.all].map(({ sessionId }) => sessionId);

describe('the sessions of a worker', () => {
  it('are those of the save before until the last part of the next one has come', () => {
    const saved = new SavedSessions();
    saved.take([session(1), session(2)], true);
    saved.take([session(3)], false);
    expect(ids(saved)).toEqual([1, 2]);
    saved.take([session(4)], true);
    expect(ids(saved)).toEqual([3, 4]);
    saved.take([], true);
    expect(ids(saved)).toEqual([]);
  });

  it('that end while the next save is under way are in neither', () => {
    const saved = new SavedSessions();
    saved.take([session(1), session(2)], true);
    saved.take([session(1), session(2)], false);
    saved.delete(2);
    expect(ids(saved)).toEqual([1]);
    saved.take([], true);
    expect(ids(saved)).toEqual([1]);
  });

  it('are those of the last whole save if the worker crashes within the next', () => {
    const saved = new SavedSessions();
    saved.take([session(1)], true);
    saved.take([session(2)], false);
    saved.giveUp();
    expect(ids(saved)).toEqual([1]);
    saved.take([session(3)], true);
    expect(ids(saved)).toEqual([3]);
  });
});

it('a session that ends and comes again within a save is there once, as it was last', () => {
  const saved = new SavedSessions();
  saved.take([session(1), session(2)], false);
  saved.delete(1);
  saved.take([session(3), { ...session(1), sequence: 9 }], true);
  expect(ids(saved)).toEqual([2, 3, 1]);
  expect([...saved.all].map(({ sequence }) => sequence)).toEqual([1, 1, 9]);
});

it('a session that two workers tell of is the one of the worker that counts for more', () => {
  const [first, second] = [new SavedSessions(), new SavedSessions()];
  first.take([session(1), session(2)], true);
  second.take([session(2), session(3), session(4)], true);
  const all = [...eachOnce([first, second], [1, 0], (sessionId) => sessionId !== 4)];
  expect(all.map(({ worker, session: { sessionId } }) => [worker, sessionId])).toEqual([[1, 2], [1, 3], [0, 1]]);
});

it('a worker tells of its sessions part by part, of one request after the other, and then wants nothing more', () => {
  const told: FromWorker[] = [];
  const places = 150;
  const relay = {
    saveSome(first: number, most: number, into: SavedSession[]): number {
      const end = Math.min(places, first + most);
      for (let place = first; place < end; place++) into.push(session(place));
      return end < places ? end : -1;
    },
  };
  const saver = new SessionSaver(relay, (message) => told.push(message));
  expect(saver.advance(25)).toBe(25);
  saver.save(7);
  saver.save(8);
  for (let calls = 0; saver.advance(25) < 25; calls++) if (calls > 100) throw new Error('it never ends');
  const all = Array.from({ length: places }, (_, place) => place);
  for (const request of [7, 8]) {
    const parts = told.filter((message) => message.type === 'saved' && message.request === request);
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.map((part) => 'isLast' in part && part.isLast)).toEqual(parts.map((_, i) => i === parts.length - 1));
    expect(parts.flatMap((part) => ('sessions' in part ? part.sessions.map(({ sessionId }) => sessionId) : []))).toEqual(all);
  }
  expect(told.map((message) => 'request' in message && message.request).toSorted()).toEqual(
    told.map((message) => 'request' in message && message.request),
  );
});

it('what a thread is started with comes out as it went in, however much it is, and once', () => {
  for (const count of [0, 1, 256, 257, 1_000]) {
    const sessions = Array.from({ length: count }, (_, id) => session(id));
    const parcels = pack(sessions);
    expect([...unpack(structuredClone(parcels))]).toEqual(sessions);
    expect([...unpack(parcels)]).toEqual(sessions);
    expect([...unpack(parcels)]).toEqual([]);
  }
});
