import { MAX_FEC_PAYLOAD_BYTES } from '@lightspeed/wire';
import { requireInteger } from './fec-error.ts';
import { MAX_ENCODER_GROUP_SIZE, MIN_ENCODER_GROUP_SIZE } from './group-sizes.ts';
import { FecMemory, LENGTHS_BYTES } from './memory.ts';

/** The packet is in no group: there was no memory block, or it is too long. It must be sent without FEC (version 1). */
export const ADD_UNPROTECTED = -1;
/** The packet is in the group, which waits for more. */
export const ADD_OPEN = 0;
/** The packet was the group's last: its parity is ready. */
export const ADD_FULL = 1;

/** Memory, group ids and limits of an encoder; each has a default. */
export interface FecEncoderOptions {
  /** Where parity accumulates. Default: two blocks of the encoder's own. */
  readonly memory?: FecMemory;
  /** For whom it takes blocks of a shared memory, see `FecMemory.take`. Default -1. */
  readonly owner?: number;
  /** The next group id of a counter that several encoders share (one per session and direction). */
  readonly nextGroupId?: () => number;
  /** The first id of the encoder's own counter, which wraps after 65,535. Default 0. Without effect beside `nextGroupId`. */
  readonly firstGroupId?: number;
}

/**
 * Makes one parity payload for every `size` packets of one flow (docs/protocol.md, FEC).
 *
 * ```
 * packet 0   | "AB"   . |          parity payload, content + 2 bytes:
 * packet 1   | "C" 00 . |
 *            ------------          | packet 0 XOR packet 1 ... | XOR of the lengths, u16 |
 * XOR, the longest one's length    | 02 42                     | 00 03                   |
 * ```
 *
 * It works in place and allocates nothing per packet: call {@link begin}, read {@link groupId} and {@link index} for the
 * packet's header, then call {@link add}. After `ADD_FULL` (or {@link closePartial}) send the parity from its block.
 * The `FecEncoder` is the same over arrays.
 */
export class GroupEncoder {
  /** Data packets per full group. */
  readonly size: number;
  /** Where packets and parity are. */
  readonly memory: FecMemory;

  /** The open group's id; that of the last one while none is open. */
  groupId: number;
  /** The index that the next packet will have: how many the open group holds. */
  index: number;

  /** Offset of the last parity payload in `memory.bytes`, with `FEC_BLOCK_HEADROOM_BYTES` free bytes before it. */
  parityOffset: number;
  /** Its length in bytes. */
  parityLength: number;
  /** Its group's id. */
  parityGroupId: number;
  /** Its group's size: `size`, or less after {@link closePartial}. */
  paritySize: number;

  packetsEncoded: number;
  parityGenerated: number;
  unprotected: number;

  private readonly owner: number;
  private readonly nextGroupId: () => number;
  /** The open group's block, or -1 while none is open. */
  private block: number;
  private contentLength: number;
  private lengths: number;

  /**
   * @param size - data packets per group, 1 (every packet twice) to 32; see `GROUP_SIZE_LIMITS` for a dialect's.
   * @throws {FecError} `ERR_FEC_GROUP_SIZE` or `ERR_FEC_GROUP_ID` if a number is out of range.
   */
  constructor(size: number, options: FecEncoderOptions = {}) {
    requireInteger('ERR_FEC_GROUP_SIZE', 'group size', size, MIN_ENCODER_GROUP_SIZE, MAX_ENCODER_GROUP_SIZE);
    const firstGroupId = options.firstGroupId ?? 0;
    requireInteger('ERR_FEC_GROUP_ID', 'firstGroupId', firstGroupId, 0, 0xffff);
    this.size = size;
    this.memory = options.memory ?? FecMemory.allocate(2);
    this.owner = options.owner ?? -1;
    this.nextGroupId = options.nextGroupId ?? countFrom(firstGroupId);
    this.groupId = firstGroupId;
    this.index = 0;
    this.parityOffset = -1;
    this.parityLength = 0;
    this.parityGroupId = 0;
    this.paritySize = 0;
    this.packetsEncoded = 0;
    this.parityGenerated = 0;
    this.unprotected = 0;
    this.block = -1;
    this.contentLength = 0;
    this.lengths = 0;
  }

  /**
   * Opens a group unless one is open: from then on `groupId` and `index` are those of the next packet.
   * @returns false if that needs a memory block and none is free. No group id is used up then.
   */
  begin(): boolean {
    if (this.block >= 0) return true;
    const block = this.memory.take(this.owner);
    if (block < 0) return false;
    this.block = block;
    this.groupId = this.takeGroupId();
    this.index = 0;
    this.contentLength = 0;
    this.lengths = 0;
    return true;
  }

  /**
   * Adds the packet whose payload is `length` bytes at `offset` of `memory.bytes`, opening a group if none is open. The
   * bytes are only read.
   * @returns `ADD_OPEN`, `ADD_UNPROTECTED`, or `ADD_FULL`. After the last, `parityOffset`, `parityLength`,
   *   `parityGroupId` and `paritySize` describe the parity. The caller then owns its block: it writes a header in front
   *   of it, sends it, and calls `memory.release(parityOffset)`.
   * @throws {FecError} `ERR_FEC_MEMORY_RANGE` if the bytes are not in the memory or overlap the group's block. The packet
   *   is in no group then.
   */
  add(offset: number, length: number): number {
    if (!this.admits(length)) return ADD_UNPROTECTED;
    return this.note(length, this.memory.foldOwn(this.block, this.contentLength, offset, length));
  }

  /**
   * Ends the open group early. Its parity is the caller's, as after `ADD_FULL`, with the number of packets that it
   * really has as `paritySize`. Not for dialect `reference`, whose decoders do not understand partial groups.
   * @returns false if no packet has been added to it, in which case it stays open.
   */
  closePartial(): boolean {
    if (this.block < 0 || this.index === 0) return false;
    this.memory.view.setUint16(this.block + this.contentLength, this.lengths);
    this.parityOffset = this.block;
    this.parityLength = this.contentLength + LENGTHS_BYTES;
    this.parityGroupId = this.groupId;
    this.paritySize = this.index;
    this.block = -1;
    this.index = 0;
    this.parityGenerated++;
    return true;
  }

  /** Drops the open group, if any, and releases its block. Its packets stay without parity. */
  abandon(): void {
    if (this.block < 0) return;
    this.memory.release(this.block);
    this.block = -1;
    this.index = 0;
  }

  /** Whether a group is open. */
  protected get isOpen(): boolean {
    return this.block >= 0;
  }

  /** {@link add} for a packet anywhere. */
  protected addFrom(source: DataView, offset: number, length: number): number {
    if (!this.admits(length)) return ADD_UNPROTECTED;
    return this.note(length, this.memory.fold(this.block, this.contentLength, source, offset, length));
  }

  /** The id of a group that opens. */
  protected takeGroupId(): number {
    return this.nextGroupId() & 0xffff;
  }

  /** Whether a packet so long goes into a group, which is open then. */
  private admits(length: number): boolean {
    if (length > MAX_FEC_PAYLOAD_BYTES || !this.begin()) {
      this.unprotected++;
      return false;
    }
    return true;
  }

  /** A packet is in the block, which has so much content now. @returns `ADD_OPEN` or `ADD_FULL` */
  private note(length: number, contentLength: number): number {
    this.contentLength = contentLength;
    this.lengths ^= length;
    this.packetsEncoded++;
    if (++this.index < this.size) return ADD_OPEN;
    this.closePartial();
    return ADD_FULL;
  }
}

function countFrom(first: number): () => number {
  let next = first;
  return () => next++ & 0xffff;
}
