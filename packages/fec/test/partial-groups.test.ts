import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FecEncoder } from '@lightspeed/fec';
import { Receiver, faultsOf, groupOf, isAmbiguous, payloads, text } from './support.ts';

const three = [text('first'), text('second one'), text('3')];

it('flush gives the parity of the packets so far, with their number', () => {
  const encoder = new FecEncoder(8, { firstGroupId: 300 });
  for (const packet of three) encoder.addPacket(packet);
  const flushed = encoder.flush();
  expect(flushed).toEqual({ groupId: 300, size: 3, parity: groupOf(three).parity });
  expect(encoder.blockId).toBe(301);
  expect(encoder.currentIndex).toBe(0);
});

it('flush of an encoder without packets gives nothing and uses up no group id', () => {
  const encoder = new FecEncoder(8);
  expect(encoder.flush()).toBeUndefined();
  encoder.addPacket(text('first'));
  expect(encoder.flush()?.groupId).toBe(0);
  expect(encoder.flush()).toBeUndefined();
  expect(encoder.blockId).toBe(1);
});

it('the size that a parity carries overrides the size that its data carried', () => {
  const group = groupOf(three, 5, 8);
  const receiver = new Receiver();
  receiver.data(group, 0);
  receiver.data(group, 2);
  receiver.parity(group);
  expect(receiver.indexesOf(5)).toEqual([0, 2, 1]);
  expect(faultsOf(receiver.deliveries, [group])).toEqual([]);
});

it('any single loss of a partial group recovers exactly, in any order of arrival', () => {
  const cases = fc.array(payloads, { minLength: 1, maxLength: 16 }).chain((packets) =>
    fc.tuple(
      fc.integer({ min: packets.length, max: 32 }).map((size) => groupOf(packets, 5, size)),
      fc.shuffledSubarray([...packets.keys(), packets.length], { minLength: packets.length + 1 }),
      fc.nat(packets.length - 1),
    ),
  );
  fc.assert(
    fc.property(cases, ([group, order, lost]) => {
      const receiver = new Receiver();
      for (const member of order) {
        if (member === group.packets.length) receiver.parity(group);
        else if (member !== lost) receiver.data(group, member);
      }
      expect(faultsOf(receiver.deliveries, [group])).toEqual([]);
      expect(receiver.indexesOf(5)).toHaveLength(group.packets.length - (isAmbiguous(group, lost) ? 1 : 0));
    }),
    { numRuns: 300 },
  );
});

it('a partial group that arrives whole counts no loss', () => {
  const group = groupOf(three, 5, 8);
  const receiver = new Receiver();
  for (const index of [0, 1, 2]) receiver.data(group, index);
  receiver.parity(group);
  receiver.decoder.gc(1_000);
  expect(receiver.decoder.stats()).toMatchObject({ packetsDecoded: 3, packetsLost: 0, activeGroups: 0 });
});

it('a partial group whose parity is lost counts no packets that were never sent', () => {
  const group = groupOf(three, 5, 8);
  const receiver = new Receiver();
  for (const index of [0, 1, 2]) receiver.data(group, index);
  receiver.decoder.gc(1_000);
  expect(receiver.decoder.stats()).toMatchObject({ packetsLost: 0, activeGroups: 0 });
});
