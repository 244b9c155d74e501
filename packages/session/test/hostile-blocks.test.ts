import { FEC_BLOCK_BYTES, FEC_BLOCK_CONTENT_BYTES, FecMemory } from '@lightspeed/fec';
import { BLOCK_HEAD_BYTES, BlockType, XOR_EXTRA_BYTES, writeBlockHead, writeXorMask } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { XorBlocksReceiver } from '../src/protection/repeats/xor-blocks-receiver.ts';

const BLOCKS = 6;
const SLOT = 4_000;

/** A receiver in a memory whose blocks lie side by side, and a place behind them where packets are. */
function sceneOf() {
  const memory = new FecMemory(new Uint8Array(BLOCKS * FEC_BLOCK_BYTES + 2 * SLOT), 0, BLOCKS * FEC_BLOCK_BYTES);
  const receiver = new XorBlocksReceiver(memory, -1);
  const packet = BLOCKS * FEC_BLOCK_BYTES;
  const xor = (distance: number, mask: number, content: readonly number[]) => {
    writeBlockHead(memory.bytes, packet, BlockType.xor, distance, XOR_EXTRA_BYTES + content.length - 2);
    writeXorMask(memory.bytes, packet, mask);
    memory.bytes.set(content, packet + BLOCK_HEAD_BYTES + 2);
    return packet;
  };
  const remember = (sequence: number, payload: readonly number[], flow = 1) => {
    memory.bytes.set(payload, packet + SLOT);
    receiver.remember(sequence, flow, packet + SLOT, payload.length, 0);
  };
  return { memory, receiver, xor, remember };
}

describe('an XOR block', () => {
  it('brings back the one payload that is missing', () => {
    const { memory, receiver, xor, remember } = sceneOf();
    remember(9, [1, 2, 3]);
    const block = receiver.recover(xor(1, 1, [1 ^ 7, 2 ^ 8, 3, 0, 3 ^ 2]), 10, 1);
    expect(receiver.recoveredSequence).toBe(8);
    expect([...memory.bytes.subarray(block, block + receiver.recoveredLength)]).toEqual([7, 8]);
  });

  it('brings back nothing that was never sent: too long, with bytes behind its end, of another flow, or of two that are missing', () => {
    const { receiver, xor, remember } = sceneOf();
    remember(9, [1, 2, 3]);
    expect(receiver.recover(xor(1, 1, [1, 2, 3, 0, 3 ^ 9]), 10, 1)).toBe(-1);
    expect(receiver.recover(xor(1, 1, [1 ^ 7, 2 ^ 8, 3 ^ 9, 0, 3 ^ 2]), 10, 1)).toBe(-1);
    expect(receiver.recover(xor(1, 1, [1 ^ 7, 2 ^ 8, 3, 0, 3 ^ 2]), 10, 2)).toBe(-1);
    expect(receiver.recover(xor(1, 3, [1 ^ 7, 2 ^ 8, 3, 0, 3 ^ 2]), 10, 1)).toBe(-1);
  });

  it('that is shorter than a payload in it brings back nothing: else few bytes would have many delivered, again and again', () => {
    const { memory, receiver, xor, remember } = sceneOf();
    remember(9, [1, 2, 3]);
    expect(receiver.recover(xor(1, 1, [0, 0]), 10, 1)).toBe(-1);
    expect(receiver.recover(xor(1, 1, [1, 2, 0, 0]), 10, 1)).toBe(-1);
    expect(memory.available).toBe(BLOCKS - 1);
  });

  it('and payloads that are longer than a block write into no other one', () => {
    const { memory, receiver, xor, remember } = sceneOf();
    remember(9, [1, 2, 3]);
    const before = memory.bytes.slice(0, BLOCKS * FEC_BLOCK_BYTES);
    const long = Array.from({ length: FEC_BLOCK_CONTENT_BYTES + 300 }, () => 255);
    remember(8, long);
    expect(receiver.recover(xor(1, 1, long), 10, 1)).toBe(-1);
    expect(memory.bytes.slice(0, BLOCKS * FEC_BLOCK_BYTES)).toEqual(before);
    expect(memory.available).toBe(BLOCKS - 1);
  });

  it('gives all memory back', () => {
    const { memory, receiver, remember } = sceneOf();
    for (let sequence = 0; sequence < 40; sequence++) remember(sequence, [sequence]);
    expect(memory.available).toBe(0);
    receiver.tidy(999);
    expect(memory.available).toBe(0);
    receiver.tidy(1_000);
    expect(memory.available).toBe(BLOCKS);
  });
});
