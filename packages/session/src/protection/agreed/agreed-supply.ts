import type { ByteLength, Milliseconds, SessionSlot } from '@lightspeed/wire';
import type { LoopEvent } from '../loop/protection-loop.ts';
import type { RepeatsSender } from '../repeats/repeats-sender.ts';
import type { ReceiveSupply } from '../xor-groups-receiver.ts';

/** What decides over a session's redundancy besides its budget. */
export interface ProtectionHost {
  /** Whether so many bytes may go to the session's peer, see `RedundancyGate`. */
  admitRedundancy(slot: SessionSlot, bytes: ByteLength, nowMs: Milliseconds): boolean;
  /** Whether a payload that was missing may be delivered, see `BlockListener`. */
  admitRepeat(slot: SessionSlot, nowMs: Milliseconds): boolean;
  /** Another step is in force. */
  stepChanged(slot: SessionSlot, event: LoopEvent): void;
  /** A report that cannot be true was ignored. */
  badReport(slot: SessionSlot): void;
}

/** What it takes to protect sessions as their ends have agreed. */
export interface AgreedSupply {
  readonly sender: RepeatsSender;
  readonly receiving: ReceiveSupply;
  readonly host: ProtectionHost;
  /** Another number for each: reports of one must not be taken for those of the one before. */
  readonly firstEpoch: number;
}
