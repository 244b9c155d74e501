import { TUNNEL_STATES, TunnelCounter } from './tunnel-counters.ts';
import type { TunnelCounters, TunnelStateName } from './tunnel-counters.ts';

/** Where the session of a tunnel stands: see the picture in `session-lifecycle.ts`. */
export class TunnelState {
  readonly #counters: TunnelCounters;
  name: TunnelStateName = 'idle';
  /** Whether payloads may be sent: also while the node is lost, since it may hear us all the same. */
  carries = false;

  constructor(counters: TunnelCounters) {
    this.#counters = counters;
  }

  enter(name: TunnelStateName): void {
    this.name = name;
    this.carries = name === 'established' || name === 'lost';
    this.#counters.values[TunnelCounter.state] = TUNNEL_STATES.indexOf(name);
  }
}
