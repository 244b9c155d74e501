import { HEADROOM_BYTES } from './headroom.ts';
import { MemoryError, requireInteger } from './memory-error.ts';
import type { WasmMemory } from './wasm-memory.ts';
import { allocateWasmMemory } from './wasm-memory.ts';

const CACHE_LINE_BYTES = 64;
const MAX_SLOTS = 1 << 20;
const MAX_PAYLOAD_BYTES = 65_535;
const MAX_ARENA_BYTES = 2 ** 31 - 1;

/**
 * Memory that datagrams are received into and sent from.
 *
 * ```
 *  0                                                  reserve.start        + reserve.lengthBytes
 *  | slot 0 | slot 1 | ...                 | slot n-1 | caller's reserve   |
 *     '-- | 128 B headroom | maxDatagramBytes | padding |
 * ```
 *
 * It is WebAssembly memory so that wasm code can work on packets in place, and never grows: the kernel and every view
 * hold its address.
 */
export interface PacketArena {
  readonly memory: WasmMemory;
  /** All of the memory. */
  readonly bytes: Uint8Array;
  /** The caller's own region, e.g. for parity under construction. An engine only reads it, when told to send from it. */
  readonly reserve: { readonly start: number; readonly lengthBytes: number };
}

/** An arena with its slots, as engines see it. */
export interface SlottedArena extends PacketArena {
  readonly slotCount: number;
  /** Offset of the payload of slot 0; that of slot i lies `i * slotStrideBytes` further. */
  readonly firstPayload: number;
  readonly slotStrideBytes: number;
  readonly maxDatagramBytes: number;
}

/**
 * Lays out an arena.
 * @param maxDatagramBytes longest payload of a slot
 * @param reserveBytes size of the caller's own region behind the slots
 * @throws {MemoryError} `ERR_MEMORY_SIZE` if a number is out of range, or the system has no memory of that size
 */
export function createArena(slotCount: number, maxDatagramBytes: number, reserveBytes: number): SlottedArena {
  requireInteger('slotCount', slotCount, 0, MAX_SLOTS);
  requireInteger('maxDatagramBytes', maxDatagramBytes, 1, MAX_PAYLOAD_BYTES);
  const lines = Math.ceil((HEADROOM_BYTES + maxDatagramBytes) / CACHE_LINE_BYTES);
  // An odd number of cache lines: an even one would put many slots in the same cache sets.
  const slotStrideBytes = (lines | 1) * CACHE_LINE_BYTES;
  const start = slotCount * slotStrideBytes;
  requireInteger('reserveBytes', reserveBytes, 0, Math.max(0, MAX_ARENA_BYTES - start));
  const memory = allocateWasmMemory(start + reserveBytes);
  if (memory === null) throw new MemoryError('ERR_MEMORY_SIZE', `there is no WebAssembly memory of ${start + reserveBytes} bytes`);
  return {
    memory,
    bytes: new Uint8Array(memory.buffer),
    reserve: { start, lengthBytes: reserveBytes },
    slotCount,
    firstPayload: HEADROOM_BYTES,
    slotStrideBytes,
    maxDatagramBytes,
  };
}
