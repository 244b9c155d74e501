import type { ArenaOffset, ByteLength, Dialect, DropReason, FlowIndex, Microseconds, Milliseconds } from '@lightspeed/wire';

/*
 * The seam behind which protection from loss lies. What sends payloads and what receives packets knows only these interfaces;
 * XOR groups are one form, agreed protection is the other. A form needs a class for each end, and no step of the packet path changes.
 */

/** What protects one flow, at the end that sends. There is none for a flow whose packets go out plain. */
export interface FlowProtection {
  /** Packets per XOR group, which is how peers know the form; 0 for forms without groups. */
  readonly groupSize: number;
  /**
   * Wraps and sends a payload, in place, with all that protects it and may go out with it or behind it.
   * @param nowMs wrapping int32 clock in milliseconds, `nowUs` the same in microseconds.
   * @returns false if the payload's packet was refused.
   */
  send(offset: ArenaOffset, length: ByteLength, nowMs: Milliseconds, nowUs: Microseconds): boolean;
  /** No payload follows: sends what still protects those that went out. */
  finish(nowUs: Microseconds): void;
  /** The flow ends: sends nothing, and gives all memory back. */
  abandon(): void;
}

/** The time of all flows that one form protects: what is to go out although no payload comes. */
export interface ProtectionTimer {
  /** Sends what must not wait any longer. */
  advance(nowMs: Milliseconds, nowUs: Microseconds): void;
  /** Milliseconds until {@link advance} may have something to do, or `atMost`. */
  msUntilDue(nowMs: Milliseconds, atMost: number): number;
}

/** Where payloads go that a protection gives. */
export interface PayloadSink {
  /**
   * Delivers `length` bytes at `offset` of the shared memory to the far end of a flow. The bytes stay as they are until
   * the driver has said that they are sent.
   */
  deliverPayload(flowIndex: FlowIndex, offset: ArenaOffset, length: ByteLength): void;
}

/** What takes the protection off a session's packets, at the end that receives. Made when the first protected packet comes. */
export interface ReceiveProtection {
  /**
   * Takes a protected packet, valid and not seen before: delivers its payload, and those that it brings back.
   * @param flowIndex the flow that its addresses name; NO_FLOW only for parity without addresses.
   * @returns 0, also for a payload that was brought back and came a moment later. `DropReason.duplicate` for one that came long
   *   after it was brought back.
   */
  take(
    sink: PayloadSink,
    dialect: Dialect,
    flowIndex: FlowIndex,
    offset: ArenaOffset,
    length: ByteLength,
    nowMs: Milliseconds,
  ): DropReason | 0;
  /** Payloads that it has brought back, and that have not come after all. Never goes down. */
  readonly recovered: number;
  /** Gives back the memory of what is too old to help, and brings the totals up to date. */
  tidy(nowMs: Milliseconds): void;
  /** Gives all memory back. */
  close(): void;
}

/** A flow's number where a packet names none, as the parity of some peers does. */
export const NO_FLOW = -1;
