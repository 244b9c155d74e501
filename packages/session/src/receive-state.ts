import type { ArenaOffset, ByteLength, Dialect, FlowIndex, Microseconds, Milliseconds, PathNumber, SequenceNumber } from '@lightspeed/wire';
import { DropReason, HEADER_BYTES, VERSION_PLAIN, readSequence, readTimestampUs, readVersion } from '@lightspeed/wire';
import type { Clock } from './base/clock.ts';
import { DuplicateWindow, WINDOW_MOVED } from './base/duplicate-window.ts';
import type { AgreedProtection } from './protection/agreed/agreed-protection.ts';
import type { PayloadSink } from './protection/protection.ts';
import { PacketKind, hasPayloadBlocks } from './protection/session-packet.ts';
import { XorGroupsReceiver } from './protection/xor-groups-receiver.ts';
import type { ReceiveSupply } from './protection/xor-groups-receiver.ts';

/** How the packets of one session and direction fared on the way. */
export interface LossCounts {
  /** Sequence numbers that should have come: those between the oldest and the newest. */
  readonly expected: number;
  /** Different ones that came. The rest was lost, or is still on its way. */
  readonly received: number;
  /** Those among them that came behind a later one. */
  readonly late: number;
}

const NOTHING: LossCounts = { expected: 0, received: 0, late: 0 };

/**
 * The receive state of one session: what was seen already, and what takes off the protection from loss
 * (docs/protocol.md, Duplicates, FEC).
 */
export class ReceiveState {
  readonly window: DuplicateWindow;
  readonly supply: ReceiveSupply;
  /**
   * There from the first version 2 packet on, or since the ends have agreed on protection. An object of its own, since many
   * sessions use none (ADR 22).
   */
  #protection: AgreedProtection | XorGroupsReceiver | null = null;
  /** What {@link takeLoss} has reported. */
  #reported = NOTHING;

  /** @param window a fresh one. */
  constructor(supply: ReceiveSupply, window = new DuplicateWindow()) {
    this.window = window;
    this.supply = supply;
  }

  /** In whose name blocks of memory are taken for it, see `FecMemory.take`; -1 for nobody in particular. */
  get owner(): number {
    return this.supply.owner ?? -1;
  }

  /** What the ends of the session have agreed on; null if they have not. */
  get agreed(): AgreedProtection | null {
    return this.#protection === null ? null : this.#protection.agreed;
  }

  /** The ends of the session have agreed on protection, or on none. It takes the place of what was there. */
  agree(agreed: AgreedProtection | null): void {
    this.#protection?.close();
    this.#protection = agreed;
  }

  /**
   * Takes note of a data or parity packet's sequence number. What protection knew goes when the window moves: it may be
   * that of a peer that has started over.
   * @param timestampUs the packet's own, a wrapping int32.
   * @param nowMs wrapping int32 clock in milliseconds.
   * @param tagged whether the packet bears a verified tag.
   * @returns 0 on its first arrival, else why it goes no further: a reason of {@link DuplicateWindow}.
   */
  accept(sequence: SequenceNumber, timestampUs: Microseconds, nowMs: Milliseconds, tagged: boolean): DropReason | 0 {
    const verdict = this.window.accept(sequence, timestampUs, nowMs, tagged);
    if (verdict !== WINDOW_MOVED) return verdict;
    this.close();
    return 0;
  }

  /**
   * {@link accept} for the packet at `offset`, of which agreed protection takes note too. For the peer's loss a packet counts that has
   * come, also if its payload was here before.
   * @param path the one by which it came.
   */
  acceptPacket(kind: PacketKind, offset: ArenaOffset, path: PathNumber, { nowMs, nowUs }: Clock, tagged: boolean): DropReason | 0 {
    const { bytes } = this.supply.memory;
    const sequence = readSequence(bytes, offset);
    const timestampUs = readTimestampUs(bytes, offset);
    const seen = this.accept(sequence, timestampUs, nowMs, tagged);
    const { agreed } = this;
    if (agreed !== null && (seen === 0 || seen === DropReason.duplicate)) {
      const isRepeating = kind >= PacketKind.carrier && hasPayloadBlocks(bytes, offset);
      agreed.arrived(sequence, timestampUs, path, isRepeating, nowMs, nowUs);
    }
    return seen;
  }

  /**
   * Unwraps the packet of `length` bytes at `offset`, which was accepted: payloads go to the sink, those that protection
   * brings back included.
   * @param flowIndex the flow that its addresses name; NO_FLOW only for parity without addresses.
   * @param nowMs wrapping int32 clock in milliseconds.
   * @returns as {@link ReceiveProtection.take}.
   */
  read(
    sink: PayloadSink,
    dialect: Dialect,
    flowIndex: FlowIndex,
    offset: ArenaOffset,
    length: ByteLength,
    nowMs: Milliseconds,
  ): DropReason | 0 {
    if (readVersion(this.supply.memory.bytes, offset) === VERSION_PLAIN) {
      const { agreed } = this;
      sink.deliverPayload(flowIndex, offset + HEADER_BYTES, length - HEADER_BYTES);
      if (agreed !== null) {
        const sequence = readSequence(this.supply.memory.bytes, offset);
        agreed.delivered(sequence, flowIndex, offset + HEADER_BYTES, length - HEADER_BYTES, nowMs);
      }
      return 0;
    }
    this.#protection ??= new XorGroupsReceiver(this.supply);
    return this.#protection.take(sink, dialect, flowIndex, offset, length, nowMs);
  }

  /**
   * Loss as it shows on the wire, since this was asked last: what protection has repaired counts as lost. What comes later
   * than the question is in the next answer, so that `received` may be more than `expected` there.
   */
  takeLoss(): LossCounts {
    const before = this.#reported;
    const { expected, received, late } = this.window;
    this.#reported = { expected, received, late };
    return { expected: expected - before.expected, received: received - before.received, late: late - before.late };
  }

  /** Payloads that protection has brought back since it is in use. It is clear of them that they do not come after all. */
  get recovered(): number {
    return this.#protection?.recovered ?? 0;
  }

  /** Gives back the memory of what is too old to help, and brings the totals up to date. */
  tidy(nowMs: Milliseconds): void {
    this.#protection?.tidy(nowMs);
  }

  /** Forgets what was seen, for a peer that starts over; gives all memory back. */
  restart(): void {
    this.window.reset();
    this.close();
  }

  /** Gives all memory back. What the ends have agreed on holds on. */
  close(): void {
    this.#protection?.close();
    this.#protection = this.agreed;
  }
}
