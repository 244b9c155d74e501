import type { FecMemory } from '@lightspeed/fec';
import type { Microseconds, Milliseconds } from '@lightspeed/wire';
import type { BlockReturns } from '../block-returns.ts';
import type { PacketWrapper } from '../packet-wrapper.ts';
import type { ProtectionTimer } from '../protection.ts';
import { DueWheel } from './due-wheel.ts';
import type { RedundancyBudget } from './redundancy-budget.ts';
import { RepeatingSession } from './repeating-session.ts';

/** Protects sessions by timed repeats (docs/protocol.md, Blocks): what all sessions of a relay or tunnel share. */
export class RepeatsSender implements ProtectionTimer {
  readonly memory: FecMemory;
  readonly returns: BlockReturns;
  readonly wrapper: PacketWrapper;
  readonly wheel = new DueWheel();
  /** The time, as {@link setTime} was told last. */
  nowMs: Milliseconds = 0;
  nowUs: Microseconds = 0;
  /** Repeats that rode on other packets. */
  repeatsCarried = 0;
  /** Packets with repeats only. */
  packetsAlone = 0;
  /** Repeats that the budget did not have. */
  overBudget = 0;
  /** Payloads that cannot be repeated: too long, or no block was free. */
  unprotected = 0;

  constructor(memory: FecMemory, returns: BlockReturns, wrapper: PacketWrapper) {
    this.memory = memory;
    this.returns = returns;
    this.wrapper = wrapper;
  }

  /** Begins to protect a session, in one direction. */
  session(budget: RedundancyBudget): RepeatingSession {
    return new RepeatingSession(this, budget);
  }

  setTime(nowMs: Milliseconds, nowUs: Microseconds): void {
    this.nowMs = nowMs;
    this.nowUs = nowUs;
  }

  advance(nowMs: Milliseconds, nowUs: Microseconds): void {
    this.setTime(nowMs, nowUs);
    this.wheel.advance(nowMs);
  }

  msUntilDue(nowMs: Milliseconds, atMost: Milliseconds): Milliseconds {
    return this.wheel.msUntilDue(nowMs, atMost);
  }
}
