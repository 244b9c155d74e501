import { FEC_BLOCK_BYTES, FecMemory } from '@lightspeed/fec';
import type { WasmMemory } from '@lightspeed/memory';

// A global of every engine, which neither the language's nor Node's types declare.
declare const WebAssembly: {
  Memory: new (pages: { initial: number; maximum: number }) => WasmMemory;
};

/** Where the blocks begin: an odd number, so that they are not aligned. */
export const BLOCKS_START = 4_097;
const BLOCKS = 4;

/** The same bytes under both kernels. */
export interface Twins {
  readonly simd: FecMemory;
  readonly plain: FecMemory;
}

/** Two memories of one page with the same content, which differ in their kernels. */
export function makeTwins(): Twins {
  const simd = new FecMemory(new WebAssembly.Memory({ initial: 1, maximum: 1 }), BLOCKS_START, BLOCKS * FEC_BLOCK_BYTES);
  for (let i = 0; i < simd.bytes.length; i++) simd.bytes[i] = i * 167 + (i >> 8) * 13;
  return { simd, plain: new FecMemory(simd.bytes.slice(), BLOCKS_START, BLOCKS * FEC_BLOCK_BYTES) };
}

/** Takes a block of each: the same one. */
export function takeBoth({ simd, plain }: Twins): number {
  const block = simd.take();
  if (plain.take() !== block) throw new Error('the twins have not been treated alike');
  return block;
}

/** Whether both hold the same bytes, all of them: a comparison of 64 KiB that is quick enough for thousands of runs. */
export function sameBytes({ simd, plain }: Twins): boolean {
  return Buffer.compare(simd.bytes, plain.bytes) === 0;
}

/** What a call has returned, or the code and words of what it has thrown. */
export function outcomeOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return `${'code' in error ? String(error.code) : error.name}: ${error.message}`;
  }
}
