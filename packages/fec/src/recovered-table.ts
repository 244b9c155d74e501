const ENTRIES = 512;
const EMPTY = -1;
/** Bit of a key: the packet's original has come. */
const HAS_COME = 1 << 22;

/**
 * How long a recovery is remembered. Group ids repeat after 65,536 groups, which takes longer than this at any rate
 * that a relay admits. No packet that is later than this passes a session's duplicate window.
 */
export const RECOVERED_MEMORY_MS = 10_000;

/**
 * Which packets were recovered lately, so that their originals are recognised even after their groups have left the
 * ring. A group recovers at most one packet, so each group needs one entry. A group 512 ids further takes its place.
 *
 * ```
 *                    +-- entry group id mod 512
 *                    v
 * keys        | ... | has come << 22 | group id << 6 | index, or -1 | ... |
 * recoveredMs | ... | when                                          | ... |
 * ```
 */
export class RecoveredTable {
  private readonly keys: Int32Array;
  private readonly recoveredMs: Int32Array;

  constructor() {
    this.keys = new Int32Array(ENTRIES).fill(EMPTY);
    this.recoveredMs = new Int32Array(ENTRIES);
  }

  note(groupId: number, index: number, nowMs: number): void {
    const entry = groupId % ENTRIES;
    this.keys[entry] = (groupId << 6) | index;
    this.recoveredMs[entry] = nowMs;
  }

  /** @returns the index of the packet that was recovered of this group, or -1. */
  recoveredIndex(groupId: number, nowMs: number): number {
    const entry = groupId % ENTRIES;
    const key = this.keys[entry];
    if (key === EMPTY || ((key >> 6) & 0xffff) !== groupId) return -1;
    // Unsigned, so that an entry from before the clock's wrap is old rather than young.
    if ((nowMs - this.recoveredMs[entry]) >>> 0 >= RECOVERED_MEMORY_MS) return -1;
    return key & 0x3f;
  }

  /** When the packet was recovered that {@link recoveredIndex} has just found. */
  whenRecovered(groupId: number): number {
    return this.recoveredMs[groupId % ENTRIES];
  }

  /** The packet that {@link recoveredIndex} has just found came. @returns whether for the first time. */
  noteOriginal(groupId: number): boolean {
    const entry = groupId % ENTRIES;
    const isFirst = (this.keys[entry] & HAS_COME) === 0;
    this.keys[entry] |= HAS_COME;
    return isFirst;
  }

  /** To be called for a group of which {@link recoveredIndex} knows. */
  forget(groupId: number): void {
    this.keys[groupId % ENTRIES] = EMPTY;
  }

  clear(): void {
    this.keys.fill(EMPTY);
  }
}
