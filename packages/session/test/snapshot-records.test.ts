import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MAX_PATHS, MULTIPATH_MODES, SnapshotRecords, sessionIdsIn, snapshotIn, snapshotsIn } from '../src/index.ts';
import { formatAddressWords, formatIpv4 } from '@lightspeed/wire';
import type { SessionSnapshot } from '../src/index.ts';

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

const anyAddress = fc.oneof(
  fc.constant('0.0.0.0'),
  u32.map((bits) => formatIpv4(bits)),
  fc
    .tuple(fc.constantFrom(0x2001_0db8, 0x0064_ff9b, -1), fc.integer(), fc.integer(), fc.integer())
    .map((words) => formatAddressWords(...words)),
  fc.tuple(fc.integer(), fc.integer({ min: 1 })).map(([low, scope]) => formatAddressWords(0xfe80_0000, 0, 1, low, scope)),
);

const anySession: fc.Arbitrary<SessionSnapshot> = fc.record({
  sessionId: u32,
  multipath: fc.constantFrom(...MULTIPATH_MODES),
  paths: fc.array(
    fc.record({ number: fc.nat(MAX_PATHS - 1), address: anyAddress, port: u16, local: anyAddress, isValidated: fc.boolean() }),
    {
      maxLength: MAX_PATHS,
    },
  ),
  sequence: u16,
  groupId: u16,
  nonces: fc.oneof(fc.record({ highest: u64, below: u64 }), fc.constant({ highest: -1n, below: 0n })),
  openingNonce: u64,
  newestTagUs: fc.option(fc.integer(), { nil: undefined }),
  flows: fc.array(fc.record({ clientIp: u32, clientPort: u16, serverIp: u32, serverPort: u16, egressPort: u16, groupSize: fc.nat(64) }), {
    maxLength: 300,
  }),
});

it('recorded sessions come out as they went in, however many they are, here and in another thread', () => {
  const records = new SnapshotRecords();
  fc.assert(
    fc.property(fc.array(anySession, { maxLength: 100 }), (sessions) => {
      for (const session of sessions) records.add(session);
      expect(records.count).toBe(sessions.length);
      expect([...records]).toEqual(sessions);
      const taken = records.take();
      expect([records.count, [...records]]).toEqual([0, []]);
      expect([...snapshotsIn(structuredClone(taken))]).toEqual(sessions);
      expect([...sessionIdsIn(taken)]).toEqual(sessions.map(({ sessionId }) => sessionId));
    }),
  );
});

it('a session with one path and one flow takes 68 bytes, 4 more if it is known to which address the client speaks', () => {
  const flow = { clientIp: 1, clientPort: 2, serverIp: 3, serverPort: 4, egressPort: 5, groupSize: 6 };
  const records = new SnapshotRecords();
  const bytes = ['0.0.0.0', '192.0.2.1'].map((local) => {
    records.add({
      ...{ sessionId: 7, multipath: 'standby', sequence: 8, groupId: 9, nonces: { highest: 10n, below: 11n }, openingNonce: 12n },
      ...{ paths: [{ number: 0, address: '203.0.113.5', port: 13, local, isValidated: true }], flows: [flow] },
    });
    return records.take().byteLength;
  });
  expect(bytes).toEqual([68, 72]);
});

it('one session is found among many, as it came last', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anySession, { maxLength: 20, selector: ({ sessionId }) => sessionId }), (sessions) => {
      const records = new SnapshotRecords();
      for (const session of sessions) records.add({ ...session, sequence: 0 });
      for (const session of sessions) records.add(session);
      const taken = records.take();
      for (const session of sessions) expect(snapshotIn(taken, session.sessionId)).toEqual(session);
      const absent = [0, 1, 2, 3].filter((id) => sessions.every(({ sessionId }) => sessionId !== id));
      for (const id of absent) expect(snapshotIn(taken, id)).toBeUndefined();
    }),
  );
});

it('nothing is lost where records outgrow their room, at whichever word that is', () => {
  const path = { number: 0, address: '0.0.0.0', port: 1, local: '0.0.0.0', isValidated: false } as const;
  const flow = { clientIp: 1, clientPort: 2, serverIp: 3, serverPort: 4, egressPort: 5, groupSize: 6 };
  const session: Omit<SessionSnapshot, 'sessionId'> = {
    ...{ multipath: 'standby', sequence: 1, groupId: 2, nonces: { highest: 3n, below: 4n }, openingNonce: 5n, newestTagUs: 6 },
    ...{ paths: [], flows: [] },
  };
  // A session takes 12 words, a path without addresses 1, a flow 4: so each of the 12 comes to be the first one without room.
  for (let words = 0; words < 12; words++) {
    const paths = Array.from({ length: words % 4 }, () => path);
    const flows = Array.from({ length: Math.trunc(words / 4) }, () => flow);
    const sessions = Array.from({ length: 100 }, (_, sessionId) => ({
      ...session,
      sessionId,
      ...(sessionId === 0 ? { paths, flows } : {}),
    }));
    const records = new SnapshotRecords();
    for (const each of sessions) records.add(each);
    expect([...records]).toEqual(sessions);
  }
});
