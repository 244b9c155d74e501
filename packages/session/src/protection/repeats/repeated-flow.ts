import type { FecMemory } from '@lightspeed/fec';
import type { ArenaOffset, ByteLength, Microseconds, Milliseconds, SequenceNumber } from '@lightspeed/wire';
import type { BlockReturns } from '../block-returns.ts';
import type { PacketWrapper } from '../packet-wrapper.ts';
import type { SendFlow } from '../send-flow.ts';
import type { DueWheel } from './due-wheel.ts';
import type { RepeatTarget } from './repeat-plan.ts';

/** A flow whose payloads are repeated, as its session sees it. */
export interface RepeatedFlow {
  readonly flow: SendFlow;
  /** Whether the game's rhythm promises a packet on which a payload of some time can ride, between the target's age and its slack. */
  promisesCarrier(sentMs: Milliseconds, target: RepeatTarget): boolean;
}

/** Who decides over redundancy, and wants to know what goes out. */
export interface RedundancyGate {
  /** Whether so many bytes of redundancy may go to the peer: its address is known to receive, and no payload has to wait for them. */
  admitRedundancy(bytes: ByteLength, nowMs: Milliseconds): boolean;
  /** A packet went out, see `ProtectionLoop.sent`. */
  sent(nowMs: Milliseconds, sequence: SequenceNumber, payloadBytes: ByteLength, wireBytes: ByteLength, redundantBytes: ByteLength): void;
}

/** A block that rides on the next packet of a session, whichever flow's that is. */
export interface BlockRider {
  isDue(nowMs: Milliseconds): boolean;
  /** The bytes of its block, with its head. */
  readonly bytes: ByteLength;
  /** Writes the block, which goes out. */
  write(at: ArenaOffset, nowMs: Milliseconds): void;
}

/** What the sessions of a relay or tunnel share: memory, the way out, timers and statistics. */
export interface RepeatSupply {
  readonly memory: FecMemory;
  readonly returns: BlockReturns;
  readonly wrapper: PacketWrapper;
  readonly wheel: DueWheel;
  /** The time of what is done now. */
  readonly nowMs: Milliseconds;
  readonly nowUs: Microseconds;
  /** Repeats that rode on other packets. */
  repeatsCarried: number;
  /** Packets with repeats only. */
  packetsAlone: number;
  /** Repeats that the budget did not have. */
  overBudget: number;
  /** XOR blocks that rode on other packets. */
  xorsCarried: number;
  /** Payloads that cannot be repeated: too long, or no block was free. */
  unprotected: number;
}
