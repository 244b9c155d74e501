import { describe, expect, it } from 'vitest';
import type { WasmMemory } from '@lightspeed/memory';
import { allocateWasmMemory, createArena, HEADROOM_BYTES, MemoryError } from '@lightspeed/memory';

describe('an arena', () => {
  it.each([
    [1, 1],
    [256, 1_500],
    [256, 9_000],
    [3, 65_507],
  ])('lays out %i slots of %i bytes with headroom, an odd number of cache lines apart', (slots, maxDatagramBytes) => {
    const arena = createArena(slots, maxDatagramBytes, 1_000);
    expect(arena.firstPayload).toBe(HEADROOM_BYTES);
    expect(arena.slotStrideBytes % 128).toBe(64);
    expect(arena.slotStrideBytes).toBeGreaterThanOrEqual(HEADROOM_BYTES + maxDatagramBytes);
    expect(arena.slotStrideBytes).toBeLessThan(HEADROOM_BYTES + maxDatagramBytes + 192);
    expect(arena.reserve).toEqual({ start: slots * arena.slotStrideBytes, lengthBytes: 1_000 });
    expect(arena.bytes.length).toBeGreaterThanOrEqual(arena.reserve.start + 1_000);
    expect(arena.bytes.buffer).toBe(arena.memory.buffer);
  });

  it('never grows, since the kernel holds its address', () => {
    const memory = createArena(1, 100, 0).memory as WasmMemory & { grow(pages: number): number };
    expect(() => memory.grow(1)).toThrow(RangeError);
  });

  it.each([
    [-1, 100, 0],
    [1.5, 100, 0],
    [1, 0, 0],
    [1, 65_536, 0],
    [1, 100, -1],
    [1, 100, 2 ** 31],
    [1 << 20, 65_535, 1],
  ])('is refused for %d slots of %d bytes and %d in reserve', (slots, maxDatagramBytes, reserveBytes) => {
    expect(() => createArena(slots, maxDatagramBytes, reserveBytes)).toThrow(expect.objectContaining({ code: 'ERR_MEMORY_SIZE' }) as Error);
    expect(() => createArena(slots, maxDatagramBytes, reserveBytes)).toThrow(MemoryError);
  });
});

describe('wasm memory', () => {
  it('has as many bytes as asked for, in whole pages', () => {
    expect(allocateWasmMemory(1)?.buffer.byteLength).toBe(65_536);
    expect(allocateWasmMemory(65_537)?.buffer.byteLength).toBe(131_072);
    expect(allocateWasmMemory(0)?.buffer.byteLength).toBe(0);
  });

  it('is null where the engine has no memory of that size', () => {
    expect(allocateWasmMemory(2 ** 40)).toBeNull();
  });
});
