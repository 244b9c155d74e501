import type { FecHeader } from '@lightspeed/wire';
import { FecError } from './fec-error.ts';
import { GroupDecoder } from './group-decoder.ts';
import { GROUPS_IN_RING } from './group-ring.ts';
import { viewOf } from './memory.ts';
import { DATA_DUPLICATE, DATA_LATE, DATA_NEW_AND_RECOVERED, PARITY_RECOVERED } from './verdicts.ts';

/** What a decoder has done since it was made. */
export interface FecDecoderStats {
  /** Data packets that came, each once. Those recovered count apart. */
  readonly packetsDecoded: number;
  /** Packets that were recovered, and had not come 500 ms later either. Until then one that comes after all is taken off again. */
  readonly packetsRecovered: number;
  /** Packets that were certainly sent and neither came nor could be recovered before their group expired. */
  readonly packetsLost: number;
  /** Recoveries that were refused, because parity and packets do not fit each other. Nothing was delivered. */
  readonly recoveryRejected: number;
  /** Parity of the fixed format of old releases, or that may be of it, and was therefore not used. */
  readonly parityIgnored: number;
  /** Packets that came twice, or long after they had been recovered; parity that came twice. */
  readonly duplicates: number;
  /** Packets that took no part in recovery: no memory block, or a group that was gone, given up or contradicted. */
  readonly untracked: number;
  /** Groups that still miss packets and are not too old. */
  readonly activeGroups: number;
}

/** A packet that never came, made from the rest of its group. */
export interface RecoveredPacket {
  /** Its index in its group. */
  readonly index: number;
  /** A new array. */
  readonly payload: Uint8Array;
}

/**
 * Recovers one lost packet per group, over arrays and for one flow: call {@link receiveData}, then
 * {@link tryRecoverBlock}; and {@link receiveParity}. The work is that of a {@link GroupDecoder}, in a memory of its own
 * unless one is given. Call `gc` now and then, and `close` at the end if the memory is shared.
 */
export class FecDecoder extends GroupDecoder {
  /** What `receiveData` has recovered and `tryRecoverBlock` has not fetched, by group id mod 64. */
  private readonly unfetched: (UnfetchedPacket | undefined)[] = new Array(GROUPS_IN_RING);

  /**
   * A data packet came.
   * @param payload - read, not kept.
   * @returns the same array if it is to be delivered; undefined if the packet was delivered before, as received or as
   *   recovered. It may have completed a recovery: ask {@link tryRecoverBlock}.
   * @throws {FecError} `ERR_FEC_HEADER_KIND` if the header is a parity packet's.
   */
  receiveData(header: FecHeader, payload: Uint8Array, nowMs: number): Uint8Array | undefined {
    if (header.parity) throw new FecError('ERR_FEC_HEADER_KIND', 'receiveData wants the header of a data packet');
    const { groupId, index, size } = header;
    const taken = this.takeData(viewOf(payload), groupId, index, size, ONLY_FLOW, 0, payload.length, nowMs | 0);
    if (taken === DATA_DUPLICATE || taken === DATA_LATE) return undefined;
    if (taken === DATA_NEW_AND_RECOVERED) {
      this.unfetched[groupId % GROUPS_IN_RING] = { groupId, packet: this.copyRecovered() };
    }
    return payload;
  }

  /**
   * A parity packet came.
   * @param payload - content and the two bytes of lengths; read, not kept.
   * @returns the packet that it recovered, if any.
   * @throws {FecError} `ERR_FEC_HEADER_KIND` if the header is a data packet's.
   */
  receiveParity(header: FecHeader, payload: Uint8Array, nowMs: number): RecoveredPacket | undefined {
    if (!header.parity) throw new FecError('ERR_FEC_HEADER_KIND', 'receiveParity wants the header of a parity packet');
    const { groupId, size } = header;
    const taken = this.takeParity(viewOf(payload), groupId, size, ONLY_FLOW, 0, payload.length, nowMs | 0);
    return taken === PARITY_RECOVERED ? this.copyRecovered() : undefined;
  }

  /**
   * The packet of this group that the last `receiveData` recovered, once: it came after the group's parity.
   * @returns undefined if there is none, or it was fetched.
   */
  tryRecoverBlock(groupId: number): RecoveredPacket | undefined {
    const entry = groupId % GROUPS_IN_RING;
    const unfetched = this.unfetched[entry];
    if (unfetched?.groupId !== groupId) return undefined;
    this.unfetched[entry] = undefined;
    return unfetched.packet;
  }

  override close(): void {
    super.close();
    this.unfetched.fill(undefined);
  }

  /** The counters as a new object. */
  stats(): FecDecoderStats {
    return {
      packetsDecoded: this.packetsDecoded,
      packetsRecovered: this.packetsRecovered,
      packetsLost: this.packetsLost,
      recoveryRejected: this.recoveryRejected,
      parityIgnored: this.parityIgnored,
      duplicates: this.duplicates,
      untracked: this.untracked,
      activeGroups: this.activeGroups,
    };
  }

  private copyRecovered(): RecoveredPacket {
    const payload = this.memory.bytes.slice(this.recoveredOffset, this.recoveredOffset + this.recoveredLength);
    this.memory.release(this.recoveredOffset);
    return { index: this.recoveredIndex, payload };
  }
}

interface UnfetchedPacket {
  readonly groupId: number;
  readonly packet: RecoveredPacket;
}

/** The tag of every packet in the form over arrays. */
const ONLY_FLOW = 0;
