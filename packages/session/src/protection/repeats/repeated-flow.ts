import type { FecMemory } from '@lightspeed/fec';
import type { Microseconds, Milliseconds } from '@lightspeed/wire';
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
  /** Payloads that cannot be repeated: too long, or no block was free. */
  unprotected: number;
}
