import {
  DropReason,
  FLAG_FIN,
  TAG_BYTES,
  hasTag,
  openPacket,
  readFlags,
  readSequence,
  readTimestampUs,
  sealPacket,
  sequenceDelta,
} from '@lightspeed/wire';
import type { ArenaOffset, ByteLength, Microseconds, Milliseconds, SequenceNumber, TagKey } from '@lightspeed/wire';
import type { FecMemory } from '@lightspeed/fec';

/** What {@link PacketTags.take} returns for a packet without a tag that counts all the same. */
export const UNTAGGED = -1;

/** So many packets with a wrong token or tag show that somebody guesses. */
export const FORGED_TO_TAG = 8;

/** Packets that the peer sent before its first tagged one may come in for so long. */
const OVERTAKEN_MS = 500;
/** A tagged packet that is older than the newest one by more was recorded, and sent again. */
const REPLAYED_US = 10_000_000;

/** What a session's tags start with. */
export interface PacketTagsStart {
  /** Of the packets that come. */
  readonly incoming: TagKey;
  /** Of the packets that go out. */
  readonly outgoing: TagKey;
  /** What both keys were made of. */
  readonly openingNonce: bigint;
  /** Whether packets go out tagged before one has come from the peer. */
  readonly isFirst: boolean;
  /** Whether the peer's packets with flags carry the timestamp of what they answer. */
  readonly isAnswered: boolean;
}

/**
 * The tags of one session at one end (docs/protocol.md, Packet tags). Packets are opened where they come in and sealed where
 * they go out. All between sees versions 1 and 2.
 *
 * ```
 *   nothing tagged came      untagged packets count
 *   a tagged one came        for 500 ms those count whose number is older than its own, but no FIN
 *   later                    only tagged ones
 * ```
 */
export class PacketTags {
  readonly openingNonce: bigint;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #incoming0: number;
  readonly #incoming1: number;
  readonly #outgoing0: number;
  readonly #outgoing1: number;
  readonly #isAnswered: boolean;
  /** Whether packets go out tagged. */
  isSealing: boolean;
  /** Whether the peer has sent a packet with a right tag. */
  #hasCome = false;
  /** Acknowledgements of proofs so far. */
  #acknowledgements = 0;
  #firstSequence: SequenceNumber = 0;
  #firstMs: Milliseconds = 0;
  /** Whether untagged packets may still come that were sent before the first tagged one. */
  #mayBeOvertaken = false;
  /** The timestamp of the newest packet with a right tag; undefined while it is not known. */
  #newestUs: Microseconds | undefined;

  constructor({ bytes, view }: Pick<FecMemory, 'bytes' | 'view'>, start: PacketTagsStart) {
    this.openingNonce = start.openingNonce;
    this.#bytes = bytes;
    this.#view = view;
    this.#incoming0 = start.incoming.word0;
    this.#incoming1 = start.incoming.word1;
    this.#outgoing0 = start.outgoing.word0;
    this.#outgoing1 = start.outgoing.word1;
    this.#isAnswered = start.isAnswered;
    this.isSealing = start.isFirst;
  }

  /** Whether the peer has sent a packet with a right tag: nothing else counts from then on. */
  get hasCome(): boolean {
    return this.#hasCome;
  }

  /** The timestamp of the newest tagged packet, for a snapshot; undefined if none is known. */
  get newestUs(): Microseconds | undefined {
    return this.#newestUs;
  }

  /** The peer has sent tagged packets before, to another holder of this session. */
  resume(newestUs: Microseconds | undefined): void {
    this.#hasCome = true;
    this.isSealing = true;
    this.#newestUs = newestUs;
  }

  /** The peer's clock may have started over: the timestamp of the next tagged packet counts as the newest, whatever it is. */
  forgetNewest(): void {
    this.#newestUs = undefined;
  }

  /**
   * Takes the tag off a packet that came. It then lies 4 bytes further, and is 4 bytes shorter; see `openPacket`.
   * @returns 0 if its tag is right; `UNTAGGED` if it has none, and counts all the same; else why it does not count.
   */
  take(offset: ArenaOffset, length: ByteLength, nowMs: Milliseconds): DropReason | 0 | typeof UNTAGGED {
    if (!hasTag(this.#bytes, offset, length)) return this.#takeUntagged(offset, length, nowMs);
    const refusal = openPacket(this.#view, offset, length, this.#incoming0, this.#incoming1);
    if (refusal !== 0) return refusal;
    const at = offset + TAG_BYTES;
    if (!this.#hasCome) this.#takeFirst(readSequence(this.#bytes, at), nowMs);
    return this.#isReplayed(at) ? DropReason.tooOld : 0;
  }

  /**
   * Puts a tag on a packet that goes out, if it is to have one. It then begins 4 bytes earlier, where there must be room.
   * @returns by how many bytes it is longer.
   */
  seal(offset: ArenaOffset, length: ByteLength): ByteLength {
    if (!this.isSealing) return 0;
    sealPacket(this.#view, offset, length, this.#outgoing0, this.#outgoing1);
    return TAG_BYTES;
  }

  /**
   * The same for the acknowledgement of a proof. While nothing tagged has come, it is not known what the peer takes. Who was
   * not told of tags takes one without. Who had them before this end forgot takes only one with. So every other one has a tag.
   */
  sealAcknowledgement(offset: ArenaOffset, length: ByteLength): ByteLength {
    if (!this.isSealing && this.#acknowledgements++ % 2 === 0) return 0;
    sealPacket(this.#view, offset, length, this.#outgoing0, this.#outgoing1);
    return TAG_BYTES;
  }

  #takeFirst(sequence: SequenceNumber, nowMs: Milliseconds): void {
    this.#hasCome = true;
    this.isSealing = true;
    this.#firstSequence = sequence;
    this.#firstMs = nowMs;
    this.#mayBeOvertaken = true;
  }

  /** Checks the timestamp of a tagged packet, and notes it. */
  #isReplayed(offset: ArenaOffset): boolean {
    // An answer has the timestamp of what it answers.
    if (this.#isAnswered && readFlags(this.#bytes, offset) !== 0) return false;
    const timestampUs = readTimestampUs(this.#bytes, offset);
    const laterUs = this.#newestUs === undefined ? 0 : (timestampUs - this.#newestUs) | 0;
    if (laterUs >= 0) this.#newestUs = timestampUs;
    return laterUs < -REPLAYED_US;
  }

  #takeUntagged(offset: ArenaOffset, length: ByteLength, nowMs: Milliseconds): DropReason | typeof UNTAGGED {
    if (!this.#hasCome) return UNTAGGED;
    // Behind a FIN nothing comes, so a tagged packet cannot have overtaken one.
    if (!this.#mayBeOvertaken || length < 8 || (readFlags(this.#bytes, offset) & FLAG_FIN) !== 0) return DropReason.badTag;
    if ((nowMs - this.#firstMs) >>> 0 >= OVERTAKEN_MS) {
      this.#mayBeOvertaken = false;
      return DropReason.badTag;
    }
    return sequenceDelta(readSequence(this.#bytes, offset), this.#firstSequence) < 0 ? UNTAGGED : DropReason.badTag;
  }
}
