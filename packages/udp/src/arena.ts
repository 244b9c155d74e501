import { requireInteger } from './errors.ts';

/** Free bytes in front of every received payload: room to write a tunnel header without moving the payload. */
export const SLOT_HEADROOM_BYTES = 64;

export const DEFAULT_MAX_DATAGRAM_BYTES = 9_000;

const CACHE_LINE_BYTES = 64;
const WASM_PAGE_BYTES = 65_536;

/** A `WebAssembly.Memory`, named here because TypeScript knows that type only together with a browser's. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(deltaPages: number): number;
}

declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number }) => WasmMemory;
};

/**
 * Memory that the kernel writes datagrams into and reads them from.
 *
 * ```
 *  0                                                  reserve.start        + reserve.lengthBytes
 *  | slot 0 | slot 1 | ...                 | slot n-1 | caller's reserve   |
 *     '-- | 64 B headroom | maxDatagramBytes | padding |
 * ```
 *
 * It is WebAssembly memory so that wasm code can work on packets in place, and never grows: the kernel and every view
 * hold its address.
 */
export interface PacketArena {
  readonly memory: WasmMemory;
  /** All of the memory. */
  readonly bytes: Uint8Array;
  /** The caller's own region, e.g. for parity under construction. The engine only reads it, when told to send from it. */
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

/** Lays out an arena. The stride is an odd number of cache lines: an even one would put many slots in the same cache sets. */
export function createArena(slotCount: number, maxDatagramBytes: number, reserveBytes: number): SlottedArena {
  requireInteger('reserveBytes', reserveBytes, 0, 1 << 30);
  const lines = Math.ceil((SLOT_HEADROOM_BYTES + maxDatagramBytes) / CACHE_LINE_BYTES);
  const slotStrideBytes = (lines | 1) * CACHE_LINE_BYTES;
  const start = slotCount * slotStrideBytes;
  const pages = Math.ceil((start + reserveBytes) / WASM_PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  return {
    memory,
    bytes: new Uint8Array(memory.buffer),
    reserve: { start, lengthBytes: reserveBytes },
    slotCount,
    firstPayload: SLOT_HEADROOM_BYTES,
    slotStrideBytes,
    maxDatagramBytes,
  };
}
