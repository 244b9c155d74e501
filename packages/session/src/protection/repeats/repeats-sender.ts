import type { FecMemory } from '@lightspeed/fec';
import type { Microseconds, Milliseconds } from '@lightspeed/wire';
import type { BlockReturns } from '../block-returns.ts';
import type { PacketWrapper } from '../packet-wrapper.ts';
import type { FlowProtection, ProtectionTimer } from '../protection.ts';
import type { SendFlow } from '../send-flow.ts';
import { DueWheel } from './due-wheel.ts';
import type { RedundancyBudget } from './redundancy-budget.ts';
import type { RepeatSupply } from './repeated-flow.ts';
import { RepeatingFlow } from './repeating-flow.ts';
import { RepeatingSession } from './repeating-session.ts';

/** Protects sessions by timed repeats (docs/protocol.md, Blocks): what all sessions of a relay or tunnel share. */
export class RepeatsSender implements ProtectionTimer, RepeatSupply {
  readonly memory: FecMemory;
  readonly returns: BlockReturns;
  readonly wrapper: PacketWrapper;
  readonly wheel = new DueWheel();
  nowMs: Milliseconds = 0;
  nowUs: Microseconds = 0;
  repeatsCarried = 0;
  packetsAlone = 0;
  overBudget = 0;
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

  /** Protects a flow of a session. */
  protect(session: RepeatingSession, flow: SendFlow): FlowProtection {
    return new RepeatingFlow(session, flow);
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
