import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FecHeader } from '@lightspeed/wire';
import { ADD_FULL, FecEncoder, GroupEncoder } from '@lightspeed/fec';
import { InPlaceReceiver, arenaOf, place } from './in-place-support.ts';
import { Receiver, payloads } from './support.ts';

describe('in place and over arrays', () => {
  it('an encoder makes the same parity under the same ids', () => {
    const steps = fc.array(fc.record({ payload: payloads, flush: fc.boolean() }), { maxLength: 40 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 32 }), fc.nat(0xffff), steps, (size, firstGroupId, plan) => {
        const memory = arenaOf(1);
        const inPlace = new GroupEncoder(size, { memory, firstGroupId });
        const overArrays = new FecEncoder(size, { firstGroupId });
        const sent = () => {
          const { parityOffset, parityLength, parityGroupId, paritySize } = inPlace;
          const parity = memory.bytes.slice(parityOffset, parityOffset + parityLength);
          memory.release(parityOffset);
          return { groupId: parityGroupId, size: paritySize, parity };
        };
        for (const { payload, flush } of plan) {
          const header = FecHeader.data(overArrays.blockId, overArrays.currentIndex, size);
          expect(inPlace.begin()).toBe(true);
          expect(FecHeader.data(inPlace.groupId, inPlace.index, inPlace.size)).toEqual(header);
          const parity = overArrays.addPacket(payload);
          const full = inPlace.add(place(memory, payload), payload.length) === ADD_FULL;
          expect(full ? sent() : undefined).toEqual(parity && { groupId: header.groupId, size, parity });
          if (flush) {
            const flushed = overArrays.flush();
            expect(inPlace.closePartial() ? sent() : undefined).toEqual(flushed);
          }
        }
        expect(inPlace).toMatchObject(overArrays.stats());
      }),
      { numRuns: 200 },
    );
  });

  it('a decoder delivers the same packets in the same order and counts the same', () => {
    const arrival = fc.record({
      groupId: fc.oneof(fc.nat(3), fc.constantFrom(64, 65, 0xffff)),
      member: fc.nat(4),
      size: fc.constantFrom(3, 3, 3, 4),
      waitMs: fc.constantFrom(0, 0, 0, 5, 300, 12_000),
      payload: fc.uint8Array({ maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 80 }), (arrivals) => {
        const overArrays = new Receiver();
        const inPlace = new InPlaceReceiver(arenaOf(64));
        for (const { groupId, member, size, waitMs, payload } of arrivals) {
          overArrays.nowMs += waitMs;
          inPlace.nowMs += waitMs;
          if (member >= size) {
            overArrays.parityOf(groupId, size, payload);
            inPlace.parity(groupId, size, payload);
          } else {
            overArrays.packet(groupId, member, size, payload);
            inPlace.data(groupId, member, size, payload);
          }
        }
        expect(inPlace.deliveries).toEqual(overArrays.deliveries);
        expect(inPlace.decoder).toMatchObject(overArrays.decoder.stats());
      }),
      { numRuns: 500 },
    );
  });
});

it('the in-place form only reads packets, and writes nothing in front of a block', () => {
  const memory = arenaOf(2);
  const before = memory.bytes.slice();
  const encoder = new GroupEncoder(2, { memory });
  const payload = new Uint8Array([1, 2, 3]);
  const offset = place(memory, payload);
  encoder.add(offset, 3);
  encoder.add(offset, 2);
  before.set(payload, offset);
  before.set([0, 0, 3, 0, 1], encoder.parityOffset);
  expect(encoder.parityLength).toBe(5);
  expect(memory.bytes).toEqual(before);
});
