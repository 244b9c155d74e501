import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADD_FULL, ADD_UNPROTECTED, FEC_BLOCK_BYTES, FecDecoder, FecEncoder, FecMemory } from '@lightspeed/fec';
import { HEADROOM_BYTES } from '@lightspeed/memory';
import { InPlaceReceiver, arenaOf, place } from './in-place-support.ts';
import { smallGroup } from './support.ts';

// A global of every engine, which neither the language's nor Node's types declare.
declare const WebAssembly: {
  Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

describe('a memory', () => {
  it('divides its region into blocks with headroom, and touches nothing else', () => {
    const bytes = new Uint8Array(3 * FEC_BLOCK_BYTES + 500);
    const memory = new FecMemory(bytes, 100, 2 * FEC_BLOCK_BYTES + 300);
    expect(memory.capacity).toBe(2);
    expect(memory.available).toBe(2);
    expect([memory.take(), memory.take(), memory.take()]).toEqual([100 + HEADROOM_BYTES, 100 + FEC_BLOCK_BYTES + HEADROOM_BYTES, -1]);
    expect(memory.available).toBe(0);
  });

  it('gives a released block out again', () => {
    const memory = FecMemory.allocate(2);
    const [first] = [memory.take(), memory.take()];
    memory.release(first);
    expect(memory.available).toBe(1);
    expect(memory.take()).toBe(first);
  });

  it('works over a WebAssembly.Memory', () => {
    const bytes = new Uint8Array(new WebAssembly.Memory({ initial: 1, maximum: 1 }).buffer);
    const relay = new InPlaceReceiver(new FecMemory(bytes, 4_096, 2 * FEC_BLOCK_BYTES));
    const group = smallGroup(9, 2);
    relay.data(9, 0, 2, group.packets[0]);
    relay.parity(9, 2, group.parity);
    expect(relay.deliveries[1]?.payload).toEqual(group.packets[1]);
  });
});

describe('without a free block', () => {
  it('an encoder leaves packets unprotected, uses up no group id, and goes on when a block is free', () => {
    const memory = arenaOf(1);
    const block = memory.take();
    const encoder = new FecEncoder(2, { memory, firstGroupId: 70 });
    expect(encoder.begin()).toBe(false);
    expect(encoder.add(0, 10)).toBe(ADD_UNPROTECTED);
    memory.release(block);
    expect(encoder.begin()).toBe(true);
    expect([encoder.groupId, encoder.index]).toEqual([70, 0]);
    expect(encoder.stats()).toEqual({ packetsEncoded: 0, parityGenerated: 0, unprotected: 1 });
  });

  it('a decoder delivers packets and duplicates once, but does not follow the group, even if a block is free later', () => {
    const memory = arenaOf(1);
    const relay = new InPlaceReceiver(memory);
    const [group, other] = [smallGroup(9, 3), smallGroup(10, 3)];
    relay.data(9, 0, 3, group.packets[0]);
    relay.data(10, 0, 3, other.packets[0]);
    relay.data(9, 1, 3, group.packets[1]);
    relay.data(9, 2, 3, group.packets[2]);
    expect(memory.available).toBe(1);
    relay.data(10, 0, 3, other.packets[0]);
    relay.data(10, 1, 3, other.packets[1]);
    relay.parity(10, 3, other.parity);
    expect(relay.deliveries).toHaveLength(5);
    expect(relay.decoder).toMatchObject({ packetsRecovered: 0, untracked: 3, duplicates: 1 });
    relay.decoder.gc(500);
    expect(relay.decoder.packetsLost).toBe(1);
  });

  it('a group of one whose packet comes first needs none', () => {
    const relay = new InPlaceReceiver(arenaOf(0));
    const single = smallGroup(9, 1);
    relay.data(9, 0, 1, single.packets[0]);
    relay.parity(9, 1, single.parity);
    expect(relay.decoder).toMatchObject({ packetsDecoded: 1, untracked: 0, activeGroups: 0 });
  });
});

it('a recovered block belongs to the receiver of the packet until it is released', () => {
  const memory = arenaOf(1);
  const decoder = new FecDecoder({ memory });
  const group = smallGroup(9, 2);
  decoder.data(9, 0, 2, 0, place(memory, group.packets[0]), group.packets[0].length, 0);
  decoder.parity(9, 2, 0, place(memory, group.parity), group.parity.length, 0);
  decoder.close();
  expect(memory.available).toBe(0);
  const { recoveredOffset, recoveredLength } = decoder;
  expect(memory.bytes.slice(recoveredOffset, recoveredOffset + recoveredLength)).toEqual(group.packets[1]);
  memory.release(recoveredOffset);
  expect(memory.available).toBe(1);
});

it("abandon drops the open group and gives its block back; the next group's id is another", () => {
  const memory = arenaOf(1);
  const encoder = new FecEncoder(4, { memory });
  encoder.add(place(memory, new Uint8Array(9)), 9);
  encoder.abandon();
  encoder.abandon();
  expect(memory.available).toBe(1);
  expect(encoder.closePartial()).toBe(false);
  encoder.begin();
  expect([encoder.groupId, encoder.index]).toEqual([1, 0]);
});

describe('after whatever happened, all blocks come back', () => {
  const operation = fc.record({
    kind: fc.constantFrom('data', 'data', 'data', 'parity', 'parity', 'gc', 'close', 'encode', 'encode', 'flush', 'abandon'),
    groupId: fc.oneof(fc.nat(70), fc.integer({ min: 0x7ff0, max: 0x8010 })),
    index: fc.nat(5),
    size: fc.integer({ min: 0, max: 5 }),
    tag: fc.constantFrom(-1, 0, 0, 0, 1),
    payload: fc.uint8Array({ maxLength: 12 }),
    waitMs: fc.constantFrom(0, 0, 1, 200, 600, 11_000),
  });

  it('to a memory that an encoder and a decoder share', () => {
    fc.assert(
      fc.property(fc.nat(5), fc.array(operation, { maxLength: 200 }), (blocks, operations) => {
        const memory = arenaOf(blocks);
        const relay = new InPlaceReceiver(memory);
        const encoder = new FecEncoder(3, { memory });
        const sendParity = (ready: boolean) => {
          if (ready) memory.release(encoder.parityOffset);
        };
        for (const { kind, groupId, index, size, tag, payload, waitMs } of operations) {
          relay.nowMs += waitMs;
          if (kind === 'data') relay.data(groupId, index, size, payload, tag);
          else if (kind === 'parity') relay.parity(groupId, size, payload, tag);
          else if (kind === 'gc') relay.decoder.gc(relay.nowMs);
          else if (kind === 'close') relay.decoder.close();
          else if (kind === 'encode') sendParity(encoder.add(place(memory, payload), payload.length) === ADD_FULL);
          else if (kind === 'flush') sendParity(encoder.closePartial());
          else encoder.abandon();
          expect(relay.decoder.activeGroups).toBeGreaterThanOrEqual(0);
        }
        encoder.abandon();
        relay.decoder.close();
        expect(memory.available).toBe(blocks);
        expect(relay.decoder.activeGroups).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('without close, when all groups are too old', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 100 }), (operations) => {
        const memory = arenaOf(8);
        const relay = new InPlaceReceiver(memory);
        for (const { kind, groupId, index, size, tag, payload } of operations) {
          if (kind === 'data') relay.data(groupId, index, size, payload, tag);
          else relay.parity(groupId, size, payload, tag);
        }
        relay.decoder.gc(500);
        expect(memory.available).toBe(8);
        expect(relay.decoder.activeGroups).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
