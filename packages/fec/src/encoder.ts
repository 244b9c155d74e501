import { MAX_FEC_PAYLOAD_BYTES } from '@lightspeed/wire';
import { FecError, requireInteger } from './fec-error.ts';
import { ADD_FULL, ADD_UNPROTECTED, GroupEncoder } from './group-encoder.ts';
import { viewOf } from './memory.ts';

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
 * Makes one parity payload for every `size` packets of one flow, over arrays: read {@link blockId} and
 * {@link currentIndex} for a packet's header, then call {@link addPacket}. The work is that of a {@link GroupEncoder}, in
 * a memory of its own unless one is given.
 */
export class FecEncoder extends GroupEncoder {
  /** An id that was read by `blockId` before its group opened, or -1. */
  private reservedGroupId = -1;

  /**
   * The group id for the next packet's header. While no group is open, this takes the next id of the counter for the
   * group that will open.
   */
  get blockId(): number {
    if (this.isOpen) return this.groupId;
    if (this.reservedGroupId < 0) this.reservedGroupId = super.takeGroupId();
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

  protected override takeGroupId(): number {
    const reserved = this.reservedGroupId;
    this.reservedGroupId = -1;
    return reserved < 0 ? super.takeGroupId() : reserved;
  }

  private copyParity(): Uint8Array {
    const parity = this.memory.bytes.slice(this.parityOffset, this.parityOffset + this.parityLength);
    this.memory.release(this.parityOffset);
    return parity;
  }
}
