import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Receiver, faultsOf, groupOf, payloadOf, payloads } from './support.ts';
import type { Group } from './support.ts';

/** Where the XOR of such a peer ends, however long its packets are. */
const STOP = 1400;

/** What becomes of lengths over 1,400 in the parity's lengths: nobody knows which of both such peers do. */
const LENGTHS = {
  'as they are': (length: number) => length,
  'as 1,400': (length: number) => Math.min(length, STOP),
};

/** The parity of a peer that stops at 1,400 bytes. */
function stopped(group: Group, lengthOf: (length: number) => number): Group {
  const { packets } = group;
  const content = Math.min(STOP, Math.max(...packets.map(({ length }) => length)));
  const parity = new Uint8Array(content + 2);
  for (const packet of packets) packet.subarray(0, content).forEach((byte, i) => (parity[i] ^= byte));
  const lengths = packets.reduce((sum, { length }) => sum ^ lengthOf(length), 0);
  parity.set([lengths >> 8, lengths & 0xff], content);
  return { ...group, parity };
}

const nonZero = (length: number, seed = 1) => payloadOf({ length, seed, trailingZeros: 0 }).map((byte) => byte | 1);

function receive(receiver: Receiver, group: Group, lost: number): void {
  group.packets.forEach((_, index) => {
    if (index !== lost) receiver.data(group, index);
  });
  receiver.parity(group);
}

/** A group that shows how the peer's parity is. */
const long = (groupId: number) => groupOf([nonZero(1440), nonZero(5, 2)], groupId);

/** A group that shows that it stops, but not which lengths it counts. */
const twoLong = (groupId: number) => groupOf([nonZero(1440), nonZero(1440, 2), nonZero(5, 3)], groupId);

describe('parity that stops at 1,400 bytes', () => {
  it('gives back a shorter packet beside a longer one', () => {
    const receiver = new Receiver();
    const group = stopped(groupOf([nonZero(1440), nonZero(200, 2), nonZero(64, 3)], 3), LENGTHS['as they are']);
    receive(receiver, group, 1);
    expect(receiver.payloadOf(3, 1)).toEqual(group.packets[1]);
  });

  it.each(Object.entries(LENGTHS))('gives nothing back of the longer one, with lengths %s', (_name, lengthOf) => {
    const receiver = new Receiver();
    receive(receiver, stopped(long(2), lengthOf), 2);
    receive(receiver, stopped(groupOf([nonZero(1440), nonZero(200, 2), nonZero(64, 3)], 3), lengthOf), 0);
    expect(receiver.indexesOf(3)).toEqual([1, 2]);
    expect(receiver.decoder.stats()).toMatchObject({ recoveryRejected: 1, packetsRecovered: 0 });
  });

  it('gives nothing back whose end its bytes do not show', () => {
    const receiver = new Receiver();
    const short = payloadOf({ length: 100, seed: 2, trailingZeros: 1 });
    receive(receiver, stopped(groupOf([nonZero(1440), short], 3), LENGTHS['as they are']), 1);
    receive(receiver, stopped(groupOf([nonZero(1440), nonZero(100, 2)], 4), LENGTHS['as 1,400']), 1);
    expect([receiver.indexesOf(3), receiver.indexesOf(4)]).toEqual([[0], [0]]);
  });

  it.each(Object.entries(LENGTHS))(
    'gives nothing back of a packet whose last byte is a zero that may be none of it, with lengths %s',
    (_name, lengthOf) => {
      const receiver = new Receiver();
      const endsInZero = payloadOf({ length: 201, seed: 2, trailingZeros: 1 });
      // By the lengths as they are, the missing packet is one byte shorter than by lengths that stop.
      receive(receiver, stopped(groupOf([nonZero(1401), endsInZero], 3), lengthOf), 1);
      expect(receiver.indexesOf(3)).toEqual([0]);
    },
  );

  it.each(Object.entries(LENGTHS))('gives all back that shows its end, once a complete group has shown lengths %s', (_name, lengthOf) => {
    const receiver = new Receiver();
    receive(receiver, stopped(long(2), lengthOf), 2);
    const group = stopped(groupOf([nonZero(1401), payloadOf({ length: 201, seed: 2, trailingZeros: 0 })], 3), lengthOf);
    receive(receiver, group, 1);
    expect(receiver.payloadOf(3, 1)).toEqual(group.packets[1]);
  });

  it.each(Object.entries(LENGTHS))('gives back no bytes that nobody sent, with lengths %s', (_name, lengthOf) => {
    const group = fc.array(payloads, { minLength: 2, maxLength: 6 });
    const plan = fc.array(fc.record({ packets: group, lost: fc.nat(6) }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.constantFrom(long, twoLong), plan, (first, groups) => {
        const receiver = new Receiver();
        receive(receiver, stopped(first(0), lengthOf), 2);
        const sent = groups.map(({ packets }, i) => stopped(groupOf(packets, i + 1), lengthOf));
        sent.forEach((one, i) => receive(receiver, one, groups[i].lost));
        expect(faultsOf(receiver.deliveries, [stopped(first(0), lengthOf), ...sent])).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

it('parity of exactly 1,400 bytes of content is nothing special in a peer whose parity goes on beyond that', () => {
  const receiver = new Receiver();
  const longest = groupOf([nonZero(1440), nonZero(200, 2)], 1);
  receive(receiver, longest, 0);
  const group = groupOf([nonZero(STOP), nonZero(200, 2)], 2);
  receive(receiver, group, 0);
  expect([receiver.payloadOf(1, 0), receiver.payloadOf(2, 0)]).toEqual([longest.packets[0], group.packets[0]]);
});
