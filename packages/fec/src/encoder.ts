import { MAX_FEC_PAYLOAD_BYTES } from '@lightspeed/wire';
import { FecError, requireInteger } from './fec-error.ts';
import { MAX_ENCODER_GROUP_SIZE, MIN_ENCODER_GROUP_SIZE } from './group-sizes.ts';
import { FecMemory, LENGTHS_BYTES, viewOf } from './memory.ts';

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
  /** The next group id of a counter that several encoders share (one per session and direction). */
  readonly nextGroupId?: () => number;
  /** The first id of the encoder's own counter, which wraps after 65,535. Default 0. Without effect beside `nextGroupId`. */
  readonly firstGroupId?: number;
}

/** What an encoder has done since it was made. */
export interface FecEncoderStats {
  /** Packets that went into a group. */
  readonly packetsEncoded: number;
  /** Groups, full or partial, whose parity was made. */
  readonly parityGenerated: number;
  /** Packets that went into no group, for want of a memory block or because they are too long. */
  readonly unprotected: number;
}

/** A partial group's parity, as {@link FecEncoder.flush} gives it. */
export interface FlushedGroup {
  readonly groupId: number;
  /** How many packets the group really has: the size for its parity's header. */
  readonly size: number;
  readonly parity: Uint8Array;
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
 * Two forms over the same state. In place: per packet {@link begin}, read {@link groupId} and {@link index} for its
 * header, then {@link add}; after `ADD_FULL` (or {@link closePartial}) send the parity from its block. Over arrays:
 * read {@link blockId} and {@link currentIndex}, then {@link addPacket}. Do not mix them within a group.
 */
export class FecEncoder {
  /** Data packets per full group. */
  readonly size: number;
  /** Where the in-place form's packets and parity are. */
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

  private readonly nextGroupId: () => number;
  /** An id that was read by `blockId` before its group opened, or -1. */
  private reservedGroupId: number;
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
    this.reservedGroupId = -1;
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
    const block = this.memory.take();
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
    return this.addFrom(this.memory.view, offset, length);
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

  /**
   * The group id for the next packet's header. While no group is open, this takes the next id of the counter for the
   * group that will open.
   */
  get blockId(): number {
    if (this.block >= 0) return this.groupId;
    if (this.reservedGroupId < 0) this.reservedGroupId = this.nextGroupId() & 0xffff;
    return this.reservedGroupId;
  }

  /** The index for the next packet's header: how many packets the open group holds. */
  get currentIndex(): number {
    return this.index;
  }

  /**
   * Adds a packet. Read `blockId` and `currentIndex` for its header before.
   * @param payload - read, not kept.
   * @returns the parity payload as a new array if this packet filled the group: it goes out under
   *   `FecHeader.parity(groupId, size)`.
   * @throws {FecError} `ERR_FEC_PAYLOAD_LENGTH` if the payload is over `MAX_FEC_PAYLOAD_BYTES` (1,444),
   *   `ERR_FEC_MEMORY_EXHAUSTED` if a memory was given and has no block left. The packet is in no group then.
   */
  addPacket(payload: Uint8Array): Uint8Array | undefined {
    requireInteger('ERR_FEC_PAYLOAD_LENGTH', 'payload length', payload.length, 0, MAX_FEC_PAYLOAD_BYTES);
    const added = this.addFrom(viewOf(payload), 0, payload.length);
    if (added === ADD_UNPROTECTED) throw new FecError('ERR_FEC_MEMORY_EXHAUSTED', 'the memory has no block left');
    return added === ADD_FULL ? this.copyParity() : undefined;
  }

  /**
   * Ends the open group early. Not for dialect `reference`.
   * @returns the group's id, its real size and its parity payload as a new array; undefined if it has no packet.
   */
  flush(): FlushedGroup | undefined {
    if (!this.closePartial()) return undefined;
    return { groupId: this.parityGroupId, size: this.paritySize, parity: this.copyParity() };
  }

  /** The counters as a new object. */
  stats(): FecEncoderStats {
    const { packetsEncoded, parityGenerated, unprotected } = this;
    return { packetsEncoded, parityGenerated, unprotected };
  }

  private addFrom(source: DataView, offset: number, length: number): number {
    if (length > MAX_FEC_PAYLOAD_BYTES || !this.begin()) {
      this.unprotected++;
      return ADD_UNPROTECTED;
    }
    this.contentLength = this.memory.fold(this.block, this.contentLength, source, offset, length);
    this.lengths ^= length;
    this.index++;
    this.packetsEncoded++;
    if (this.index < this.size) return ADD_OPEN;
    this.closePartial();
    return ADD_FULL;
  }

  private takeGroupId(): number {
    const reserved = this.reservedGroupId;
    this.reservedGroupId = -1;
    return reserved < 0 ? this.nextGroupId() & 0xffff : reserved;
  }

  private copyParity(): Uint8Array {
    const parity = this.memory.bytes.slice(this.parityOffset, this.parityOffset + this.parityLength);
    this.memory.release(this.parityOffset);
    return parity;
  }
}

function countFrom(first: number): () => number {
  let next = first;
  return () => next++ & 0xffff;
}
