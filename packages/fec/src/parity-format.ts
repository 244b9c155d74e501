import { BEYOND, BLOCK, FLAGS, FLAG_MEMBER_OF_1398, FLAG_ZERO_LENGTHS, LONGEST, PARITY_CONTENT, TAG } from './group-slot.ts';
import type { FecMemory } from './memory.ts';
import { FIXED_FORMAT_CONTENT_BYTES, RECOVERY_OLD_FORMAT, RECOVERY_REJECTED, STOPPED_CONTENT_BYTES, judgeRecovery } from './recovery.ts';

/**
 * How the parity of one peer is made, as far as it shows (docs/protocol.md, Recovery). What one group shows counts for those
 * behind it.
 */
export class ParityFormat {
  private readonly memory: FecMemory;
  private readonly slots: Int32Array;
  /** Whether the last parity that tells the formats apart was of the fixed one. */
  private isFixed: boolean;
  /** Whether the last parity that tells it was shorter than a packet of its group. */
  private stops: boolean;

  /** @param slots the groups: see `group-slot.ts`. */
  constructor(memory: FecMemory, slots: Int32Array) {
    this.memory = memory;
    this.slots = slots;
    this.isFixed = false;
    this.stops = false;
  }

  /** A parity came, with so many bytes of content. */
  noteParity(content: number): void {
    if (content !== FIXED_FORMAT_CONTENT_BYTES) this.isFixed = false;
    if (content > STOPPED_CONTENT_BYTES) this.stops = false;
  }

  /** All packets of a group are there. @returns whether its parity is of the fixed format, and was not judged before. */
  noteComplete(slot: number): boolean {
    const { slots } = this;
    this.noteStop(slot);
    const isFixed = slots[slot + PARITY_CONTENT] === FIXED_FORMAT_CONTENT_BYTES && (slots[slot + FLAGS] & FLAG_MEMBER_OF_1398) === 0;
    if (isFixed) this.isFixed = true;
    return isFixed;
  }

  /** Judges what the parity gives for a group's missing packet, of `length` bytes. @returns a verdict of {@link judgeRecovery}. */
  judge(slot: number, length: number): number {
    const { slots } = this;
    this.noteStop(slot);
    // Nothing says where the packet would have to go.
    if (slots[slot + TAG] < 0) return RECOVERY_REJECTED;
    const flags = slots[slot + FLAGS];
    const verdict = judgeRecovery(
      this.memory,
      slots[slot + BLOCK],
      slots[slot + PARITY_CONTENT],
      length,
      slots[slot + LONGEST],
      slots[slot + BEYOND],
      (flags & FLAG_MEMBER_OF_1398) !== 0,
      (flags & FLAG_ZERO_LENGTHS) !== 0,
      this.isFixed,
      this.stops,
    );
    if (verdict === RECOVERY_OLD_FORMAT) this.isFixed = true;
    return verdict;
  }

  private noteStop(slot: number): void {
    const { slots } = this;
    if (slots[slot + PARITY_CONTENT] === STOPPED_CONTENT_BYTES && slots[slot + LONGEST] > STOPPED_CONTENT_BYTES) this.stops = true;
  }
}
