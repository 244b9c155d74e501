import { NetemError } from './errors.ts';
import type { Netem } from './netem.ts';

/** Something that wants to be called at times of its own choosing: a session, a timer, one direction of a link. */
export interface Endpoint {
  /** When `wake` is to be called next, undefined for never; asked anew whenever anything has happened. */
  nextWakeMs(): number | undefined;
  /** Called at or after that time; afterwards `nextWakeMs` lies ahead, or is undefined. */
  wake(nowMs: number): void;
}

/** When a simulation begins, and how fine its clock is. */
export interface SimulationOptions {
  /** Time at the start. Default 0. */
  readonly startMs?: number | undefined;
  /**
   * Time moves in whole multiples of this, and what is due between two ticks happens at the later one; so `nowMs` is
   * an integer. Default 1; 0 stops at the exact fractions that links produce.
   */
  readonly tickMs?: number | undefined;
}

// Far above what any honest scenario does in one instant, and reached within a second by a loop.
const MAX_ROUNDS_PER_INSTANT = 100_000;

/**
 * A virtual clock that jumps from event to event and calls what is due. Actions come first, in the order of their
 * times. Then come endpoints, in the order in which they were added. This repeats until nothing more is due at that
 * instant.
 *
 * Everything is a linear search, which suits scenarios of some hundred endpoints.
 */
export class Simulation {
  readonly #tickMs: number;
  readonly #endpoints: Endpoint[] = [];
  // Sorted by time; of equal times the one scheduled first comes first.
  readonly #actions: { readonly timeMs: number; readonly run: () => void }[] = [];
  #nowMs: number;

  /** @throws {NetemError} `ERR_NETEM_INVALID_OPTION` */
  constructor(options: SimulationOptions = {}) {
    const { startMs = 0, tickMs = 1 } = options;
    this.#nowMs = finite('startMs', startMs);
    this.#tickMs = finite('tickMs', tickMs);
    if (tickMs < 0) throw new NetemError('ERR_NETEM_INVALID_OPTION', `tickMs: got ${tickMs}, allowed is 0 or more`);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Lets an endpoint take part; the returned function takes it out again. */
  add(endpoint: Endpoint): () => void {
    this.#endpoints.push(endpoint);
    return () => {
      const at = this.#endpoints.indexOf(endpoint);
      if (at >= 0) this.#endpoints.splice(at, 1);
    };
  }

  /** Hands what a link delivers to `receive` at the time at which it is due. */
  attach<T>(netem: Netem<T>, receive: (packet: T, nowMs: number) => void): () => void {
    return this.add({
      nextWakeMs: () => netem.nextDeliveryMs(),
      wake: (nowMs) => {
        // Only what was under way at the start. A `receive` that answers into the same link without delay must not
        // delay the others.
        for (let left = netem.pending; left > 0; left -= 1) {
          const packet = netem.deliver(nowMs);
          if (packet === undefined) return;
          receive(packet, nowMs);
        }
      },
    });
  }

  /** Runs `action` once at `timeMs`, or at once when that has passed; the returned function cancels it. */
  at(timeMs: number, action: () => void): () => void {
    const entry = { timeMs: finite('timeMs', timeMs), run: action };
    const later = this.#actions.findIndex((other) => other.timeMs > timeMs);
    this.#actions.splice(later < 0 ? this.#actions.length : later, 0, entry);
    return () => {
      const at = this.#actions.indexOf(entry);
      if (at >= 0) this.#actions.splice(at, 1);
    };
  }

  /** Runs `action` now and every `intervalMs` from now on, until the returned function is called. */
  every(intervalMs: number, action: () => void): () => void {
    if (!(intervalMs > 0)) {
      throw new NetemError('ERR_NETEM_INVALID_OPTION', `intervalMs: got ${intervalMs}, allowed is a number above 0`);
    }
    const startMs = this.#nowMs;
    let count = 0;
    let cancel = (): void => undefined;
    const tick = (): void => {
      count += 1;
      cancel = this.at(startMs + count * intervalMs, tick);
      action();
    };
    cancel = this.at(startMs, tick);
    return () => {
      cancel();
    };
  }

  /** When something happens next, never before `nowMs`; undefined when nothing ever will. */
  nextEventMs(): number | undefined {
    let earliest = this.#actions[0]?.timeMs ?? Infinity;
    for (const endpoint of this.#endpoints) earliest = Math.min(earliest, endpoint.nextWakeMs() ?? Infinity);
    if (earliest === Infinity) return undefined;
    const tick = this.#tickMs;
    const rounded = tick === 0 ? earliest : Math.ceil(earliest / tick) * tick;
    return Math.max(this.#nowMs, rounded);
  }

  /**
   * Goes to the next event and does all that is due then. False when there is none.
   *
   * @throws {NetemError} `ERR_NETEM_NO_PROGRESS` when that never ends
   */
  step(): boolean {
    const nextMs = this.nextEventMs();
    if (nextMs === undefined) return false;
    this.#nowMs = nextMs;
    for (let round = 0; round < MAX_ROUNDS_PER_INSTANT; round += 1) {
      if (!this.#round()) return true;
    }
    throw new NetemError('ERR_NETEM_NO_PROGRESS', `something is due at ${nextMs} ms however often it is done`);
  }

  /** Does all that is due up to and including `timeMs`; the clock shows `timeMs` afterwards. */
  runUntil(timeMs: number): void {
    finite('timeMs', timeMs);
    for (let next = this.nextEventMs(); next !== undefined && next <= timeMs; next = this.nextEventMs()) this.step();
    this.#nowMs = Math.max(this.#nowMs, timeMs);
  }

  /**
   * Goes on until `condition` is true, looking after each event. False when that has not happened by `limitMs`, which
   * the clock shows then.
   */
  runUntilTrue(condition: () => boolean, limitMs: number): boolean {
    finite('limitMs', limitMs);
    while (!condition()) {
      const next = this.nextEventMs();
      if (next === undefined || next > limitMs) {
        this.#nowMs = Math.max(this.#nowMs, limitMs);
        return false;
      }
      this.step();
    }
    return true;
  }

  #round(): boolean {
    let busy = false;
    // Only what is due now: an action that schedules another one at once must not keep the endpoints from their turn.
    const nowMs = this.#nowMs;
    for (let left = this.#actions.filter((action) => action.timeMs <= nowMs).length; left > 0; left -= 1) {
      const action = this.#actions[0];
      if (action === undefined || action.timeMs > nowMs) break;
      this.#actions.shift();
      action.run();
      busy = true;
    }
    for (const endpoint of [...this.#endpoints]) {
      const wakeMs = endpoint.nextWakeMs();
      if (wakeMs === undefined || wakeMs > nowMs) continue;
      endpoint.wake(nowMs);
      busy = true;
    }
    return busy;
  }
}

function finite(name: string, value: number): number {
  if (!Number.isFinite(value)) {
    throw new NetemError('ERR_NETEM_INVALID_OPTION', `${name}: got ${String(value)}, allowed is a finite number`);
  }
  return value;
}
