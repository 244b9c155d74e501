import { BEYOND, BLOCK, FLAGS, FLAG_MEMBER_OF_1398, FLAG_ZERO_LENGTHS, LENGTHS, LONGEST, PARITY_CONTENT, TAG } from './group-slot.ts';
import type { FecMemory } from './memory.ts';
import { FIXED_FORMAT_CONTENT_BYTES, RECOVERY_OLD_FORMAT, RECOVERY_REJECTED, STOPPED_CONTENT_BYTES, judgeRecovery } from './recovery.ts';

/** What a parity that stops at 1,400 bytes has in its lengths: of packets as they are, or of 1,400 bytes at most. */
const LENGTHS_UNKNOWN = 0;
const LENGTHS_WHOLE = 1;
const LENGTHS_STOPPED = 2;

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
  /** What the last complete group showed that tells it, a `LENGTHS_*`. */
  private lengths: number;

  /** @param slots the groups: see `group-slot.ts`. */
  constructor(memory: FecMemory, slots: Int32Array) {
    this.memory = memory;
    this.slots = slots;
    this.isFixed = false;
    this.stops = false;
    this.lengths = LENGTHS_UNKNOWN;
  }

  /** A parity came, with so many bytes of content. */
  noteParity(content: number): void {
    if (content !== FIXED_FORMAT_CONTENT_BYTES) this.isFixed = false;
    if (content <= STOPPED_CONTENT_BYTES) return;
    this.stops = false;
    this.lengths = LENGTHS_UNKNOWN;
  }

  /** All packets of a group are there. @returns whether its parity is of the fixed format, and was not judged before. */
  noteComplete(slot: number): boolean {
    const { slots } = this;
    this.noteStop(slot);
    this.noteLengths(slot);
    const isFixed = slots[slot + PARITY_CONTENT] === FIXED_FORMAT_CONTENT_BYTES && (slots[slot + FLAGS] & FLAG_MEMBER_OF_1398) === 0;
    if (isFixed) this.isFixed = true;
    return isFixed;
  }

  /** What the lengths say that a group's missing packet has. */
  lengthOf(slot: number): number {
    const { slots } = this;
    const isStopped = this.lengths === LENGTHS_STOPPED && slots[slot + PARITY_CONTENT] === STOPPED_CONTENT_BYTES;
    return isStopped ? slots[slot + LENGTHS] ^ slots[slot + BEYOND] : slots[slot + LENGTHS];
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
      this.lengths === LENGTHS_UNKNOWN ? slots[slot + BEYOND] : 0,
      (flags & FLAG_MEMBER_OF_1398) !== 0,
      (flags & FLAG_ZERO_LENGTHS) !== 0,
      this.isFixed,
      this.stops,
    );
    if (verdict === RECOVERY_OLD_FORMAT) this.isFixed = true;
    return verdict;
  }

  /** Nothing is missing in a complete group: what is left of its lengths tells how the peer has counted those over 1,400. */
  private noteLengths(slot: number): void {
    const { slots } = this;
    const beyond = slots[slot + BEYOND];
    if (slots[slot + PARITY_CONTENT] !== STOPPED_CONTENT_BYTES || beyond === 0) return;
    const left = slots[slot + LENGTHS];
    this.lengths = left === 0 ? LENGTHS_WHOLE : left === beyond ? LENGTHS_STOPPED : LENGTHS_UNKNOWN;
  }

  private noteStop(slot: number): void {
    const { slots } = this;
    if (slots[slot + PARITY_CONTENT] === STOPPED_CONTENT_BYTES && slots[slot + LONGEST] > STOPPED_CONTENT_BYTES) this.stops = true;
  }
}
