import type { FecMemory } from '@lightspeed/fec';
import type { Microseconds, Milliseconds } from '@lightspeed/wire';
import { Clock } from '../../base/clock.ts';
import type { BlockReturns } from '../block-returns.ts';
import type { PacketWrapper } from '../packet-wrapper.ts';
import type { FlowProtection, ProtectionTimer } from '../protection.ts';
import type { SendFlow } from '../send-flow.ts';
import { DueWheel } from './due-wheel.ts';
import type { RedundancyBudget } from './redundancy-budget.ts';
import type { BlockRider, RedundancyGate, RepeatSupply } from './repeated-flow.ts';
import { RepeatingFlow } from './repeating-flow.ts';
import { RepeatingSession } from './repeating-session.ts';

/** For tests and tools: everything may go out. */
const OPEN_GATE: RedundancyGate = { admitRedundancy: () => true, sent: () => undefined };

/** Protects sessions by timed repeats (docs/protocol.md, Blocks): what all sessions of a relay or tunnel share. */
export class RepeatsSender implements ProtectionTimer, RepeatSupply {
  readonly memory: FecMemory;
  readonly returns: BlockReturns;
  readonly wrapper: PacketWrapper;
  readonly wheel = new DueWheel();
  repeatsCarried = 0;
  packetsAlone = 0;
  overBudget = 0;
  xorsCarried = 0;
  /** Payloads that came in a later packet of the peer only. */
  repaired = 0;
  unprotected = 0;
  /** Packets that asked the peer for what is missing. */
  requestsSent = 0;

  readonly #clock: Clock;

  /** @param clock the time of what is done now. */
  constructor(memory: FecMemory, returns: BlockReturns, wrapper: PacketWrapper, clock = new Clock()) {
    this.#clock = clock;
    this.memory = memory;
    this.returns = returns;
    this.wrapper = wrapper;
  }

  /** Begins to protect a session, in one direction. */
  session(budget: RedundancyBudget, gate: RedundancyGate = OPEN_GATE, rider: BlockRider | null = null): RepeatingSession {
    return new RepeatingSession(this, budget, gate, rider);
  }

  /** Protects a flow of a session. */
  protect(session: RepeatingSession, flow: SendFlow): FlowProtection {
    return new RepeatingFlow(session, flow);
  }

  get nowMs(): Milliseconds {
    return this.#clock.nowMs;
  }

  get nowUs(): Microseconds {
    return this.#clock.nowUs;
  }

  setTime(nowMs: Milliseconds, nowUs: Microseconds): void {
    this.#clock.set(nowMs, nowUs);
  }

  advance(nowMs: Milliseconds, nowUs: Microseconds): void {
    this.setTime(nowMs, nowUs);
    this.wheel.advance(nowMs);
  }

  /** See `DueWheel.msUntilSooner`. */
  msUntilSooner(nowMs: Milliseconds): Milliseconds | -1 {
    return this.wheel.msUntilSooner(nowMs);
  }

  msUntilDue(nowMs: Milliseconds, atMost: Milliseconds): Milliseconds {
    return this.wheel.msUntilDue(nowMs, atMost);
  }
}
