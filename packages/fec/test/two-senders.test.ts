import { expect, it } from 'vitest';
import { DATA_DUPLICATE, DATA_LATE, DATA_NEW, FecMemory, GroupDecoder, PARITY_NONE, PARITY_RECOVERED } from '@lightspeed/fec';

it.each([
  ['a duplicate', false, DATA_DUPLICATE, 1],
  ['delivered, and its group recovers nothing', true, DATA_NEW, 0],
])(
  'a packet at a place of a group that is taken is %s, where packets are told apart by sequence: %s',
  (_what, isSequenced, second, recovered) => {
    const memory = FecMemory.allocate(80);
    const decoder = new GroupDecoder({ memory, isSequenced });
    const packet = memory.take();
    memory.bytes.fill(7, packet, packet + 10);
    expect(decoder.data(1, 0, 2, 5, packet, 10, 0)).toBe(DATA_NEW);
    expect(decoder.data(1, 0, 2, 5, packet, 9, 0)).toBe(second);
    // Of a payload with the same bytes: the parity of both is zeros, and so are its lengths.
    memory.bytes.fill(0, packet, packet + 12);
    const verdict = decoder.parity(1, 2, 5, packet, 12, 0);
    expect(verdict === PARITY_NONE).toBe(recovered === 0);
    expect(decoder.packetsRecovered).toBe(recovered);
    memory.release(packet);
  },
);

it('what a second sender puts where a packet was recovered is delivered, once another of its packets has shown that there are two', () => {
  const memory = FecMemory.allocate(80);
  const decoder = new GroupDecoder({ memory, isSequenced: true });
  const packet = memory.take();
  const take = (group: number, index: number, nowMs = 0) => decoder.data(group, index, 2, 5, packet, 10, nowMs);
  const recover = (group: number) => {
    memory.bytes.fill(7, packet, packet + 10);
    expect(take(group, 0)).toBe(DATA_NEW);
    memory.bytes.fill(0, packet, packet + 12);
    expect(decoder.parity(group, 2, 5, packet, 12, 0)).toBe(PARITY_RECOVERED);
    memory.release(decoder.recoveredOffset);
  };
  recover(1);
  recover(2);
  // In the ring, and when it has left the ring. The first one may be the recovered packet itself, which was late.
  expect([take(1, 1), take(1, 0), take(1, 1)]).toEqual([DATA_LATE, DATA_NEW, DATA_NEW]);
  expect(take(66, 0)).toBe(DATA_NEW);
  expect([take(2, 1), take(2, 0), take(2, 1)]).toEqual([DATA_LATE, DATA_NEW, DATA_NEW]);
  memory.release(packet);
});
