/**
 * The memory in which packets live. An arena has slots for datagrams that are received and sent. Pools have blocks for
 * packets that a program builds itself. Both lie in one `WebAssembly.Memory`, so that wasm code works on them in place,
 * and both leave {@link HEADROOM_BYTES} in front of every payload. Does no I/O.
 *
 * @module
 */
export { createArena } from './arena.ts';
export type { PacketArena, SlottedArena } from './arena.ts';
export { BlockPool } from './block-pool.ts';
export { HEADROOM_BYTES } from './headroom.ts';
export { MemoryError } from './memory-error.ts';
export type { MemoryErrorCode } from './memory-error.ts';
export { allocateWasmMemory } from './wasm-memory.ts';
export type { WasmMemory } from './wasm-memory.ts';
