import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MAX_PATHS, MULTIPATH_MODES, SessionRecords, sessionIdsIn, sessionsIn } from '../src/index.ts';
import type { SavedSession } from '../src/index.ts';

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

const anySession: fc.Arbitrary<SavedSession> = fc.record({
  sessionId: u32,
  multipath: fc.constantFrom(...MULTIPATH_MODES),
  paths: fc.array(fc.record({ number: fc.nat(MAX_PATHS - 1), ip: u32, port: u16 }), { maxLength: MAX_PATHS }),
  sequence: u16,
  groupId: u16,
  nonces: fc.oneof(fc.record({ highest: u64, below: u64 }), fc.constant({ highest: -1n, below: 0n })),
  flows: fc.array(fc.record({ clientIp: u32, clientPort: u16, serverIp: u32, serverPort: u16, egressPort: u16, groupSize: fc.nat(64) }), {
    maxLength: 300,
  }),
});

it('recorded sessions come out as they went in, however many they are, here and in another thread', () => {
  const records = new SessionRecords();
  fc.assert(
    fc.property(fc.array(anySession, { maxLength: 100 }), (sessions) => {
      for (const session of sessions) records.add(session);
      expect(records.count).toBe(sessions.length);
      expect([...records]).toEqual(sessions);
      const taken = records.take();
      expect([records.count, [...records]]).toEqual([0, []]);
      expect([...sessionsIn(structuredClone(taken))]).toEqual(sessions);
      expect([...sessionIdsIn(taken)]).toEqual(sessions.map(({ sessionId }) => sessionId));
    }),
  );
});

it('a session with one path and one flow takes 60 bytes', () => {
  const flow = { clientIp: 1, clientPort: 2, serverIp: 3, serverPort: 4, egressPort: 5, groupSize: 6 };
  const records = new SessionRecords();
  records.add({
    ...{ sessionId: 7, multipath: 'standby', sequence: 8, groupId: 9, nonces: { highest: 10n, below: 11n } },
    ...{ paths: [{ number: 0, ip: 12, port: 13 }], flows: [flow] },
  });
  expect(records.take().byteLength).toBe(60);
});
