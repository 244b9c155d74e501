import type { SlottedArena } from '@lightspeed/memory';
import { HEADROOM_BYTES } from '@lightspeed/memory';
import type { ArenaOffset } from '@lightspeed/wire';
import type { Libc } from './libc.ts';

/** Datagrams that are sent from a slot start here: behind or before a header, around the end of the headroom. */
const FIRST_START = HEADROOM_BYTES - 64;
const STARTS_PER_SLOT = 128;

/**
 * Addresses of datagrams in slots as the BigInts that the kernel's calls take. Making one allocates, so each is made
 * once, when something is first sent from there. A relay sends from one or two places of each slot.
 */
export class SlotAddresses {
  private readonly base: bigint;
  private readonly slotStrideBytes: number;
  private readonly slotsEnd: number;
  private readonly known: (bigint | null)[];

  constructor(arena: SlottedArena, libc: Libc) {
    this.base = libc.addressOf(arena.bytes);
    this.slotStrideBytes = arena.slotStrideBytes;
    this.slotsEnd = arena.slotCount * arena.slotStrideBytes;
    this.known = new Array<bigint | null>(arena.slotCount * STARTS_PER_SLOT).fill(null);
  }

  /** The address of an offset of the arena; null if it is not near the start of a slot. */
  of(offset: ArenaOffset): bigint | null {
    if (offset >= this.slotsEnd) return null;
    const slot = (offset / this.slotStrideBytes) | 0;
    const start = offset - slot * this.slotStrideBytes - FIRST_START;
    if (start < 0 || start >= STARTS_PER_SLOT) return null;
    return this.known[slot * STARTS_PER_SLOT + start] ?? this.note(offset, slot * STARTS_PER_SLOT + start);
  }

  private note(offset: ArenaOffset, index: number): bigint {
    const address = this.base + BigInt(offset);
    this.known[index] = address;
    return address;
  }
}
