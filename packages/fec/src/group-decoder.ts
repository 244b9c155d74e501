import { MAX_FEC_PAYLOAD_BYTES, MAX_GROUP_SIZE } from '@lightspeed/wire';
import { requireInteger } from './fec-error.ts';
import type { FecDecoderOptions } from './decoder-options.ts';
import { GROUPS_IN_RING, GroupRing } from './group-ring.ts';
import {
  BLOCK,
  GROUP_ID,
  PARITY_CONTENT,
  PARITY_SIZE,
  RECEIVED,
  TAG,
  addMember,
  fitsData,
  fitsParity,
  hasMember,
  lowestMissing,
  noteData,
  noteParity,
} from './group-slot.ts';
import { FecMemory, LENGTHS_BYTES } from './memory.ts';
import { ParityFormat } from './parity-format.ts';
import { RECOVERED_MEMORY_MS } from './recovered-table.ts';
import { RecoveryCount } from './recovery-count.ts';
import { RECOVERY_ACCEPTED, RECOVERY_REJECTED } from './recovery.ts';
import { DATA_DUPLICATE, DATA_LATE, DATA_NEW, DATA_NEW_AND_RECOVERED, PARITY_NONE, PARITY_RECOVERED } from './verdicts.ts';

/** Age at which a group is discarded, by default. */
export const DEFAULT_MAX_AGE_MS = 500;

/**
 * Recovers one lost packet per group (docs/protocol.md, FEC): 64 groups at a time, each for 500 ms, parity before,
 * between or after its data. One decoder serves one session and direction, whose groups may be of several flows.
 *
 * It works in place, with offsets into `memory.bytes`, and allocates nothing per packet. A group's packets are not kept,
 * only their XOR: once all but one came and the parity too, that is the missing packet. Call {@link gc} now and then, and
 * {@link close} at the end if the memory is shared. The `FecDecoder` is the same over arrays.
 */
export class GroupDecoder {
  /** Where packets are, received and recovered. */
  readonly memory: FecMemory;

  /** Offset of the recovered payload in `memory.bytes`, with `FEC_BLOCK_HEADROOM_BYTES` free bytes before it. */
  recoveredOffset: number;
  /** Its length in bytes. */
  recoveredLength: number;
  /** Its index in its group. */
  recoveredIndex: number;
  /** Its flow. */
  recoveredTag: number;

  packetsDecoded: number;
  recoveryRejected: number;
  parityIgnored: number;
  duplicates: number;
  untracked: number;

  private readonly ring: GroupRing;
  private readonly recoveries: RecoveryCount;
  private readonly isSequenced: boolean;
  private readonly format: ParityFormat;

  /** @throws {FecError} `ERR_FEC_MAX_AGE` if `maxAgeMs` is out of range. */
  constructor(options: FecDecoderOptions = {}) {
    const maxAgeMs = options.maxAgeMs ?? DEFAULT_MAX_AGE_MS;
    requireInteger('ERR_FEC_MAX_AGE', 'maxAgeMs', maxAgeMs, 1, RECOVERED_MEMORY_MS);
    this.memory = options.memory ?? FecMemory.allocate(GROUPS_IN_RING + 8);
    this.recoveredOffset = -1;
    this.recoveredLength = 0;
    this.recoveredIndex = 0;
    this.recoveredTag = -1;
    this.packetsDecoded = 0;
    this.recoveryRejected = 0;
    this.parityIgnored = 0;
    this.duplicates = 0;
    this.untracked = 0;
    this.ring = new GroupRing(this.memory, maxAgeMs, options.owner ?? -1);
    this.recoveries = new RecoveryCount();
    this.isSequenced = options.isSequenced ?? false;
    this.format = new ParityFormat(this.memory, this.ring.slots);
  }

  /** Groups that still miss packets and are not too old. */
  get activeGroups(): number {
    return this.ring.activeGroups;
  }

  /** When to call `gc` next. It is valid only while `activeGroups` is not 0. Wraps like `nowMs`. */
  get nextExpiryMs(): number {
    return this.ring.nextExpiryMs;
  }

  /** Packets that were recovered, but for those whose original came within 500 ms after that. */
  get packetsRecovered(): number {
    return this.recoveries.all;
  }

  /** The same without those whose original may still come. It never goes down, and is some 500 to 1,000 ms behind if `gc` is called. */
  get recoveriesSettled(): number {
    return this.recoveries.settled;
  }

  /** Packets that were certainly sent and neither came nor could be recovered before their group expired. */
  get packetsLost(): number {
    return this.ring.packetsLost;
  }

  /**
   * A data packet came, whose payload is `length` bytes at `offset` of `memory.bytes`. They are only read.
   * @param tag - which flow it belongs to, 0 or more.
   * @param nowMs - wrapping 32-bit milliseconds of a monotonic clock.
   * @returns `DATA_DUPLICATE`, `DATA_LATE`, `DATA_NEW` or `DATA_NEW_AND_RECOVERED`. After the last, `recoveredOffset` and its
   *   neighbours describe the recovered packet. The caller then owns its block: it sends it and calls
   *   `memory.release(recoveredOffset)`.
   * @throws {RangeError} if the bytes are not in the memory or overlap the group's block. The group stays as it was.
   */
  data(groupId: number, index: number, size: number, tag: number, offset: number, length: number, nowMs: number): number {
    return this.takeData(this.memory.view, groupId, index, size, tag, offset, length, nowMs | 0);
  }

  /**
   * A parity packet came, whose payload (lengths included) is `length` bytes at `offset` of `memory.bytes`.
   * @param tag - which flow its addresses name, -1 if they are zero.
   * @returns `PARITY_NONE`, or `PARITY_RECOVERED` with the recovered packet as in {@link data}.
   * @throws {RangeError} as {@link data}.
   */
  parity(groupId: number, size: number, tag: number, offset: number, length: number, nowMs: number): number {
    return this.takeParity(this.memory.view, groupId, size, tag, offset, length, nowMs | 0);
  }

  /** Discards the groups that are too old. Call it at `nextExpiryMs` while `activeGroups` is not 0, or now and then. */
  gc(nowMs: number): void {
    this.ring.gc(nowMs);
    this.recoveries.turn(nowMs);
  }

  /** Forgets all groups and recoveries and releases all blocks. Counts nothing as lost; the statistics stay. */
  close(): void {
    this.ring.clear();
    this.recoveries.settle();
  }

  protected takeData(
    source: DataView,
    groupId: number,
    index: number,
    size: number,
    tag: number,
    offset: number,
    length: number,
    nowMs: number,
  ): number {
    const { slots } = this.ring;
    if (index >= size || size > MAX_GROUP_SIZE || length > MAX_FEC_PAYLOAD_BYTES) return this.deliverUntracked();
    const slot = this.ring.slotFor(groupId, nowMs);
    if (slot < 0) return this.takeOutside(groupId, index, nowMs);
    if (!fitsData(slots, slot, index, size, tag)) {
      // A group whose packets contradict each other would recover what nobody sent.
      this.ring.giveUp(slot);
      return this.deliverUntracked();
    }
    if (hasMember(slots, slot, index)) return this.takeTwice(slot, groupId, index, nowMs);

    if (slots[slot + RECEIVED] + 1 === (slots[slot + PARITY_SIZE] || size)) {
      noteData(slots, slot, index, size, tag, length);
      this.complete(slot);
      this.packetsDecoded++;
      return DATA_NEW;
    }
    // Folded in before it is noted: if the range is refused, the group stays as it was.
    const isTracked = this.ring.fold(slot, source, offset, length);
    noteData(slots, slot, index, size, tag, length);
    if (!isTracked) return this.deliverUntracked();
    this.packetsDecoded++;
    return this.recover(slot, nowMs) ? DATA_NEW_AND_RECOVERED : DATA_NEW;
  }

  /** A packet came whose place in its group is taken. */
  private takeTwice(slot: number, groupId: number, index: number, nowMs: number): number {
    if (this.isSequenced) this.ring.giveUp(slot);
    else if (this.ring.recovered.recoveredIndex(groupId, nowMs) !== index) return this.refuseDuplicate();
    return this.takeOutside(groupId, index, nowMs);
  }

  /** A packet came that was recovered before. The first time it may have been late only; then nothing was lost. */
  private takeOriginal(groupId: number, nowMs: number): number {
    const { recovered } = this.ring;
    const isLate = recovered.noteOriginal(groupId) && this.recoveries.takeBack(recovered.whenRecovered(groupId), nowMs);
    if (!isLate) return this.refuseDuplicate();
    this.packetsDecoded++;
    return DATA_LATE;
  }

  /**
   * A packet came whose group is not followed. Of a group that has recovered a packet all the others had come. So another one
   * of these is of another sender, and what that sends in the place of the recovered packet is no late original.
   */
  private takeOutside(groupId: number, index: number, nowMs: number): number {
    const { recovered } = this.ring;
    const recoveredIndex = recovered.recoveredIndex(groupId, nowMs);
    if (recoveredIndex === index) return this.takeOriginal(groupId, nowMs);
    if (recoveredIndex >= 0 && this.isSequenced) recovered.forget(groupId);
    return this.deliverUntracked();
  }

  protected takeParity(
    source: DataView,
    groupId: number,
    size: number,
    tag: number,
    offset: number,
    length: number,
    nowMs: number,
  ): number {
    const { slots } = this.ring;
    const content = length - LENGTHS_BYTES;
    if (size < 1 || size > MAX_GROUP_SIZE || content < 0 || content > MAX_FEC_PAYLOAD_BYTES) {
      this.recoveryRejected++;
      return PARITY_NONE;
    }
    const slot = this.ring.slotFor(groupId, nowMs);
    if (slot < 0) {
      this.untracked++;
      return PARITY_NONE;
    }
    if (slots[slot + PARITY_SIZE] !== 0) {
      this.duplicates++;
      return PARITY_NONE;
    }
    if (!fitsParity(slots, slot, size, tag)) {
      this.recoveryRejected++;
      this.ring.giveUp(slot);
      return PARITY_NONE;
    }

    const lengths = source.getUint16(offset + content);
    const isComplete = slots[slot + RECEIVED] === size;
    const isTracked = isComplete || this.ring.fold(slot, source, offset, content);
    noteParity(slots, slot, size, tag, content, lengths);
    this.format.noteParity(content);

    if (isComplete) this.complete(slot);
    else if (!isTracked) this.untracked++;
    else if (this.recover(slot, nowMs)) return PARITY_RECOVERED;
    return PARITY_NONE;
  }

  /** Recovers the group's missing packet if it is only one and the parity is there. */
  private recover(slot: number, nowMs: number): boolean {
    const { slots } = this.ring;
    if (slots[slot + RECEIVED] !== slots[slot + PARITY_SIZE] - 1) return false;
    const length = this.format.lengthOf(slot);
    const verdict = this.format.judge(slot, length);
    // Judged: its format does not count a second time if the missing packet comes after all.
    slots[slot + PARITY_CONTENT] = -1;
    if (verdict !== RECOVERY_ACCEPTED) {
      if (verdict === RECOVERY_REJECTED) this.recoveryRejected++;
      else this.parityIgnored++;
      this.ring.giveUp(slot);
      return false;
    }
    const index = lowestMissing(slots, slot);
    addMember(slots, slot, index);
    this.ring.recovered.note(slots[slot + GROUP_ID], index, nowMs);
    this.recoveredOffset = slots[slot + BLOCK];
    this.recoveredLength = length;
    this.recoveredIndex = index;
    this.recoveredTag = slots[slot + TAG];
    this.recoveries.note();
    slots[slot + BLOCK] = -1;
    this.complete(slot);
    return true;
  }

  /** The group's last packet is there, or its parity came after all of them. */
  private complete(slot: number): void {
    if (this.format.noteComplete(slot)) this.parityIgnored++;
    this.ring.complete(slot);
  }

  private deliverUntracked(): number {
    this.packetsDecoded++;
    this.untracked++;
    return DATA_NEW;
  }

  private refuseDuplicate(): number {
    this.duplicates++;
    return DATA_DUPLICATE;
  }
}
