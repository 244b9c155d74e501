import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';
import { expect, it } from 'vitest';
import { returnFreeMemory } from '../src/index.ts';

const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
const BLOCKS = 20_000;
const BLOCK_BYTES = 4_096;
const HALF = (BLOCKS * BLOCK_BYTES) / 2;

function hasTrim(): boolean {
  try {
    koffi.load(null).func('int malloc_trim(size_t pad)');
    return process.platform === 'linux';
  } catch {
    return false;
  }
}

it('memory that native code has freed goes back to the system, and without glibc nothing happens', () => {
  if (!hasTrim()) {
    expect(returnFreeMemory()).toBe(false);
    return;
  }
  const c = koffi.load(null);
  const calloc: (count: number, bytes: number) => bigint = c.func('void *calloc(size_t count, size_t bytes)');
  const memset: (block: bigint, value: number, bytes: number) => bigint = c.func('void *memset(void *block, int value, size_t bytes)');
  const free: (block: bigint) => void = c.func('void free(void *block)');
  const blocks = Array.from({ length: BLOCKS }, () => calloc(1, BLOCK_BYTES));
  for (const block of blocks) memset(block, 1, BLOCK_BYTES);
  // The last one stays: what lies below it cannot go back by itself when it is freed.
  for (const block of blocks.slice(0, -1)) free(block);
  const before = process.memoryUsage.rss();
  expect(returnFreeMemory()).toBe(true);
  expect(before - process.memoryUsage.rss()).toBeGreaterThan(HALF);
  free(blocks[BLOCKS - 1]);
});
