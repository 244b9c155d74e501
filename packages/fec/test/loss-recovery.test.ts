import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Receiver, faultsOf, groupOf, isAmbiguous, payloads } from './support.ts';
import type { Group } from './support.ts';

const groupSizes = Array.from({ length: 32 }, (_, i) => i + 1);
const groupIds = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0, 0x7fff, 0x8000, 0xffff));

function groupsOfSize(size: number): fc.Arbitrary<Group> {
  return fc
    .tuple(fc.array(payloads, { minLength: size, maxLength: size }), groupIds)
    .map(([packets, groupId]) => groupOf(packets, groupId));
}

/** The members of a group in an order in which they may arrive; `size` stands for the parity. */
function arrivals(size: number): fc.Arbitrary<number[]> {
  return fc.shuffledSubarray(
    Array.from({ length: size + 1 }, (_, i) => i),
    { minLength: size + 1 },
  );
}

function receive(receiver: Receiver, group: Group, member: number): void {
  if (member === group.size) receiver.parity(group);
  else receiver.data(group, member);
}

describe('any single loss recovers exactly, in any order of arrival', () => {
  it.each(groupSizes)('groups of %i', (size) => {
    fc.assert(
      fc.property(groupsOfSize(size), arrivals(size), fc.nat(size - 1), (group, order, lost) => {
        const receiver = new Receiver();
        for (const member of order) if (member !== lost) receive(receiver, group, member);
        expect(faultsOf(receiver.deliveries, [group])).toEqual([]);
        const ambiguous = isAmbiguous(group, lost);
        expect(receiver.deliveries).toHaveLength(ambiguous ? size - 1 : size);
        expect(receiver.decoder.stats()).toMatchObject({
          packetsRecovered: ambiguous ? 0 : 1,
          parityIgnored: ambiguous ? 1 : 0,
          recoveryRejected: 0,
        });
      }),
      { numRuns: 150 },
    );
  });
});

describe('any two losses never deliver a packet that was not sent', () => {
  it.each(groupSizes.slice(1))('groups of %i', (size) => {
    fc.assert(
      fc.property(groupsOfSize(size), arrivals(size), (group, order) => {
        const receiver = new Receiver();
        const lost = order.slice(0, 2);
        for (const member of order.slice(2)) receive(receiver, group, member);
        expect(faultsOf(receiver.deliveries, [group])).toEqual([]);
        expect(receiver.deliveries).toHaveLength(lost.includes(size) ? size - 1 : size - 2);
      }),
      { numRuns: 100 },
    );
  });
});

describe('whatever a network does to a series of groups', () => {
  const size = fc.integer({ min: 1, max: 12 });
  const series = fc
    .tuple(groupIds, fc.array(fc.tuple(size, fc.infiniteStream(payloads)), { minLength: 1, maxLength: 8 }))
    .map(([first, plans]) => plans.map(([count, stream], i) => groupOf([...stream.take(count)], (first + i) & 0xffff)));

  it('each packet is delivered at most once and as sent, and a group with one loss is whole', () => {
    fc.assert(
      fc.property(series, fc.infiniteStream(fc.nat({ max: 99 })), (groups, dice) => {
        const roll = () => dice.next().value ?? 0;
        const inFlight: { at: number; group: Group; member: number }[] = [];
        const arrived = new Map<Group, Set<number>>();
        groups.forEach((group, position) => {
          const members = new Set<number>();
          for (let member = 0; member <= group.size; member++) {
            const copies = roll() < 15 ? 0 : roll() < 15 ? 2 : 1;
            if (copies > 0) members.add(member);
            for (let copy = 0; copy < copies; copy++) inFlight.push({ at: position * 100 + roll() * 3, group, member });
          }
          arrived.set(group, members);
        });
        inFlight.sort((a, b) => a.at - b.at);

        const receiver = new Receiver();
        for (const { at, group, member } of inFlight) {
          receiver.nowMs = Math.floor(at / 10);
          receive(receiver, group, member);
        }
        expect(faultsOf(receiver.deliveries, groups)).toEqual([]);
        for (const [group, members] of arrived) {
          const missing = group.packets.flatMap((_, index) => (members.has(index) ? [] : [index]));
          const recoverable = members.has(group.size) && missing.length === 1 && missing.every((lost) => !isAmbiguous(group, lost));
          const expected = group.size - (recoverable ? 0 : missing.length);
          expect(receiver.indexesOf(group.groupId)).toHaveLength(expected);
        }
      }),
      { numRuns: 500 },
    );
  });
});
