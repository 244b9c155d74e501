import { DueList } from './due-list.ts';
import { NetemError, demand } from './errors.ts';
import type { Netem } from './netem.ts';

/** Something that wants to be called at times of its own choosing: a session, a timer, one direction of a link. */
export interface Endpoint {
  /** When `wake` is to be called next, undefined for never; asked anew whenever anything has happened. */
  nextWakeMs(): number | undefined;
  /** Called at or after that time; afterwards `nextWakeMs` lies ahead, or is undefined. */
  wake(nowMs: number): void;
}

// Far above what any honest scenario does in one instant, and reached within a second by a loop.
const MAX_ROUNDS_PER_INSTANT = 100_000;

/**
 * A virtual clock that jumps from event to event and calls what is due. Actions come first, in the order of their
 * times. Then come endpoints, in the order in which they were added. This repeats until nothing more is due at that
 * instant. Time moves in whole milliseconds: what is due between two of them happens at the later one.
 *
 * Everything is a linear search, which suits scenarios of some hundred endpoints.
 */
export class Simulation {
  readonly #endpoints = new Set<Endpoint>();
  readonly #actions = new DueList<{ readonly dueMs: number; readonly run: () => void }>();
  #nowMs: number;

  /** @throws {NetemError} `ERR_NETEM_INVALID_OPTION` */
  constructor({ startMs = 0 }: { readonly startMs?: number } = {}) {
    this.#nowMs = demand('startMs', startMs, Number.isFinite(startMs), 'a finite number');
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Lets an endpoint take part; the returned function takes it out again. */
  add(endpoint: Endpoint): () => void {
    this.#endpoints.add(endpoint);
    return () => void this.#endpoints.delete(endpoint);
  }

  /** Hands what a link delivers to `receive` at the time at which it is due. */
  attach<T>(netem: Netem<T>, receive: (packet: T, nowMs: number) => void): () => void {
    return this.add({
      nextWakeMs: () => netem.nextDeliveryMs(),
      wake: (nowMs) => {
        // Only what was under way at the start: a `receive` that answers into the same link must not hold up the others.
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
    const entry = { dueMs: demand('timeMs', timeMs, Number.isFinite(timeMs), 'a finite number'), run: action };
    this.#actions.insert(entry);
    return () => void this.#actions.remove(entry);
  }

  /** Runs `action` now and every `intervalMs` from now on, until the returned function is called. */
  every(intervalMs: number, action: () => void): () => void {
    demand('intervalMs', intervalMs, intervalMs > 0 && intervalMs < Infinity, 'a finite number above 0');
    const startMs = this.#nowMs;
    let count = 0;
    const repeat = (): void => {
      count += 1;
      cancel = this.at(startMs + count * intervalMs, repeat);
      action();
    };
    let cancel = this.at(startMs, repeat);
    return () => cancel();
  }

  /** When something happens next, in whole milliseconds and never before `nowMs`; undefined when nothing ever will. */
  nextEventMs(): number | undefined {
    let earliest = this.#actions.first?.dueMs ?? Infinity;
    for (const endpoint of this.#endpoints) earliest = Math.min(earliest, endpoint.nextWakeMs() ?? Infinity);
    return earliest === Infinity ? undefined : Math.max(this.#nowMs, Math.ceil(earliest));
  }

  /**
   * Does all that is due up to and including `timeMs`; the clock shows `timeMs` afterwards.
   *
   * @throws {NetemError} `ERR_NETEM_NO_PROGRESS` when something is due at one instant however often it is done
   */
  runUntil(timeMs: number): void {
    demand('timeMs', timeMs, Number.isFinite(timeMs), 'a finite number');
    for (let next = this.nextEventMs(); next !== undefined && next <= timeMs; next = this.nextEventMs()) this.#doAllAt(next);
    this.#nowMs = Math.max(this.#nowMs, timeMs);
  }

  #doAllAt(timeMs: number): void {
    this.#nowMs = timeMs;
    for (let left = MAX_ROUNDS_PER_INSTANT; this.#round(timeMs); left -= 1) {
      if (left === 0) throw new NetemError('ERR_NETEM_NO_PROGRESS', `something is due at ${timeMs} ms however often it is done`);
    }
  }

  #round(nowMs: number): boolean {
    // Only what is due now: an action that schedules another one at once must not keep the endpoints from their turn.
    let busy = false;
    for (const action of this.#actions.until(nowMs)) {
      // An earlier one may have cancelled it.
      if (!this.#actions.remove(action)) continue;
      action.run();
      busy = true;
    }
    for (const endpoint of [...this.#endpoints]) {
      if ((endpoint.nextWakeMs() ?? Infinity) > nowMs) continue;
      endpoint.wake(nowMs);
      busy = true;
    }
    return busy;
  }
}
