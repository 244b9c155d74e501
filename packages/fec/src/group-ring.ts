import { sequenceDelta } from '@lightspeed/wire';
import {
  BLOCK,
  FILLED,
  GROUP_DONE,
  GROUP_EXPIRED,
  GROUP_GIVEN_UP,
  GROUP_ID,
  GROUP_NONE,
  GROUP_OPEN,
  OPENED_MS,
  SLOT_INTS,
  STATE,
  certainLosses,
  openSlot,
} from './group-slot.ts';
import type { FecMemory } from './memory.ts';
import { RECOVERED_MEMORY_MS, RecoveredTable } from './recovered-table.ts';

/** Groups that a decoder follows at a time. */
export const GROUPS_IN_RING = 64;

/**
 * The groups of a decoder: opens, ages and ends them, and holds their blocks.
 *
 * ```
 *  slots, by group id mod 64                              per group in progress
 * +--------+--------+-- ... --+---------+                +---------------------------------------+
 * | slot 0 | slot 1 |         | slot 63 | -- block ----> | XOR of all that came, parity included | in FecMemory
 * +--------+--------+-- ... --+---------+                +---------------------------------------+
 *      | packet recovered
 *      v
 *  recovered: survives the slot, so that a late original is never delivered twice
 *
 *  NONE -> OPEN -> DONE                all packets there, or the missing one recovered
 *            | `-> GIVEN_UP -> DONE    no block, contradicting packets, recovery refused
 *            v       v
 *          EXPIRED (losses counted) -> NONE
 * ```
 *
 * A newer group takes an older one's slot at once; an older group never takes a newer one's. What is left of a group
 * stays in its slot until then (or for 10 s), to tell late packets from duplicates.
 */
export class GroupRing {
  /** One record per group: see `group-slot.ts`. */
  readonly slots: Int32Array;
  readonly recovered: RecoveredTable;
  activeGroups: number;
  nextExpiryMs: number;
  packetsLost: number;

  private readonly memory: FecMemory;
  private readonly maxAgeMs: number;
  private readonly owner: number;

  /** @param owner for whom it takes blocks, see `FecMemory.take`. */
  constructor(memory: FecMemory, maxAgeMs: number, owner: number) {
    this.slots = new Int32Array(GROUPS_IN_RING * SLOT_INTS);
    this.recovered = new RecoveredTable();
    this.activeGroups = 0;
    this.nextExpiryMs = 0;
    this.packetsLost = 0;
    this.memory = memory;
    this.maxAgeMs = maxAgeMs;
    this.owner = owner;
  }

  /** The slot of the group, opened if it is new; -1 if the group has left the ring. */
  slotFor(groupId: number, nowMs: number): number {
    const { slots } = this;
    const slot = (groupId % GROUPS_IN_RING) * SLOT_INTS;
    if (slots[slot + STATE] !== GROUP_NONE) {
      const ageMs = (nowMs - slots[slot + OPENED_MS]) | 0;
      if (ageMs < RECOVERED_MEMORY_MS) {
        const ahead = sequenceDelta(groupId, slots[slot + GROUP_ID]);
        if (ahead < 0) return -1;
        if (ahead === 0) {
          if (ageMs >= this.maxAgeMs) this.expire(slot);
          return slot;
        }
      }
    }
    // What comes of a group that has recovered a packet and left the ring could only recover that packet again.
    if (this.recovered.recoveredIndex(groupId, nowMs) >= 0) return -1;
    this.expire(slot);
    openSlot(slots, slot, groupId, nowMs);
    if (this.activeGroups++ === 0) this.nextExpiryMs = (nowMs + this.maxAgeMs) | 0;
    return slot;
  }

  /** XORs bytes into the group's block. False if the group cannot recover: it was given up, or there is no block. */
  fold(slot: number, source: DataView, offset: number, length: number): boolean {
    const { slots, memory } = this;
    if (slots[slot + STATE] !== GROUP_OPEN) return false;
    let block = slots[slot + BLOCK];
    if (block < 0) {
      block = memory.take(this.owner);
      if (block < 0) {
        this.giveUp(slot);
        return false;
      }
      slots[slot + BLOCK] = block;
    }
    const filled = slots[slot + FILLED];
    const isOurs = source === memory.view;
    slots[slot + FILLED] = isOurs ? memory.foldOwn(block, filled, offset, length) : memory.fold(block, filled, source, offset, length);
    return true;
  }

  /** All the group's packets are there. */
  complete(slot: number): void {
    if (!this.isActive(slot)) return;
    this.releaseBlock(slot);
    this.slots[slot + STATE] = GROUP_DONE;
    this.activeGroups--;
  }

  /** Ends the group's chance to recover. It goes on telling duplicates, and its losses count when it expires. */
  giveUp(slot: number): void {
    if (this.slots[slot + STATE] !== GROUP_OPEN) return;
    this.releaseBlock(slot);
    this.slots[slot + STATE] = GROUP_GIVEN_UP;
  }

  /** Expires the groups that are too old, and forgets what is left of those that are far too old. */
  gc(nowMs: number): void {
    const { slots } = this;
    let oldestMs = 0;
    for (let slot = 0; slot < slots.length; slot += SLOT_INTS) {
      if (slots[slot + STATE] === GROUP_NONE) continue;
      const ageMs = (nowMs - slots[slot + OPENED_MS]) | 0;
      if (ageMs >= this.maxAgeMs) this.expire(slot);
      else if (this.isActive(slot) && ageMs > oldestMs) oldestMs = ageMs;
      if (ageMs >= RECOVERED_MEMORY_MS) slots[slot + STATE] = GROUP_NONE;
    }
    this.nextExpiryMs = (nowMs - oldestMs + this.maxAgeMs) | 0;
  }

  /** Forgets everything and releases all blocks. */
  clear(): void {
    for (let slot = 0; slot < this.slots.length; slot += SLOT_INTS) {
      if (this.isActive(slot)) this.releaseBlock(slot);
      this.slots[slot + STATE] = GROUP_NONE;
    }
    this.activeGroups = 0;
    this.recovered.clear();
  }

  /** Ends the group for its age, or because a newer one needs its slot. */
  private expire(slot: number): void {
    if (!this.isActive(slot)) return;
    this.packetsLost += certainLosses(this.slots, slot);
    this.releaseBlock(slot);
    this.slots[slot + STATE] = GROUP_EXPIRED;
    this.activeGroups--;
  }

  private isActive(slot: number): boolean {
    const state = this.slots[slot + STATE];
    return state === GROUP_OPEN || state === GROUP_GIVEN_UP;
  }

  private releaseBlock(slot: number): void {
    const block = this.slots[slot + BLOCK];
    if (block < 0) return;
    this.memory.release(block);
    this.slots[slot + BLOCK] = -1;
  }
}
