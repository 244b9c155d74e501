import { BlockType, firstBlock, nextBlock, readBlockCount, readBlockDistance, readBlockType, readSequence } from '@lightspeed/wire';
import { readRequestBase, readRequestMask, readXorMask } from '@lightspeed/wire';

const MASK_BITS = 16;
const NAMES: Readonly<Record<number, string>> = {
  [BlockType.repeat]: 'repeat',
  [BlockType.xor]: 'XOR',
  [BlockType.report]: 'report',
  [BlockType.request]: 'request',
};

/** What a block is called; `unknown` if there is no such type. */
export function blockName(type: number): string {
  return NAMES[type] ?? 'unknown';
}

/** The numbers of the packets whose payloads an XOR block has (docs/protocol.md, Blocks). */
export function xorNumbers(sequence: number, distance: number, mask: number): number[] {
  return [sequence - distance, ...bitsOf(mask).map((bit) => sequence - distance - bit - 1)].map(wrapped);
}

/** The numbers that a request says are missing (docs/protocol.md, Blocks). */
export function requestedNumbers(base: number, mask: number): number[] {
  return [base, ...bitsOf(mask).map((bit) => base + bit + 1)].map(wrapped);
}

/** The number of a packet so many before another one. */
export function numberBefore(sequence: number, distance: number): number {
  return wrapped(sequence - distance);
}

/**
 * Which packets the blocks of a packet are about; reports are about none.
 * @param plain a valid packet with blocks, without a tag.
 */
export function blocksOf(plain: Uint8Array): { readonly type: string; readonly numbers: readonly number[] }[] {
  const sequence = readSequence(plain, 0);
  const blocks: { type: string; numbers: number[] }[] = [];
  for (let left = readBlockCount(plain, 0), at = firstBlock(plain, 0); left > 0; left--, at = nextBlock(plain, at)) {
    blocks.push({ type: blockName(readBlockType(plain, at)), numbers: numbersOf(plain, at, sequence) });
  }
  return blocks;
}

function numbersOf(plain: Uint8Array, at: number, sequence: number): number[] {
  const distance = readBlockDistance(plain, at);
  switch (readBlockType(plain, at)) {
    case BlockType.repeat:
      return [numberBefore(sequence, distance)];
    case BlockType.xor:
      return xorNumbers(sequence, distance, readXorMask(plain, at));
    case BlockType.request:
      return requestedNumbers(readRequestBase(plain, at), readRequestMask(plain, at));
    default:
      return [];
  }
}

/** Numbers as a sentence has them: `7`, `7 and 9`, `7, 8 and 9`. */
export function inWords(numbers: readonly number[]): string {
  const rest = numbers.slice(0, -1);
  return rest.length === 0 ? numbers.join('') : `${rest.join(', ')} and ${numbers[rest.length]}`;
}

function bitsOf(mask: number): number[] {
  return Array.from({ length: MASK_BITS }, (_, bit) => bit).filter((bit) => (mask & (1 << bit)) !== 0);
}

function wrapped(sequence: number): number {
  return sequence & 0xffff;
}
