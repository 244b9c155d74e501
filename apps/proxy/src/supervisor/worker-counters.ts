import type { RelayCounters } from '@lightspeed/session';
import { RELAY_COUNTERS_BYTES, RelayCounter, relayCountersIn } from '@lightspeed/session';
import { UDP_COUNTER, UDP_COUNTERS_BYTES, UdpCounters } from '@lightspeed/udp';

/** The name of one of the relay's counters. */
export type RelayCounterName = keyof typeof RelayCounter;

/** What is there now, as opposed to what has happened: it ends with the worker that has it. */
const RELAY_GAUGES: ReadonlySet<RelayCounterName> = new Set<RelayCounterName>([
  'sessions',
  'flows',
  'egressSockets',
  'bannedAddresses',
  'registrations',
]);

/** What has happened when a restart must know more of a session than before: cheap to look at, in shared memory. */
const NEWS: readonly RelayCounterName[] = [
  'sessionsOpened',
  'sessionsClosed',
  'sessionsExpired',
  'flowsOpened',
  'pathsMoved',
  'pathsAdded',
  'handshakes',
];

/** Gauges of what every worker is told: not to be added up. */
export type CommonGauge = 'bannedAddresses' | 'registrations';

/**
 * The counters of one worker and of those that crashed before it in the same place.
 *
 * ```
 *   shown  =  retired (this thread's memory)  +  live (shared with the worker, which is the only writer)
 * ```
 */
export class WorkerCounters {
  readonly #retired = relayCountersIn(new ArrayBuffer(RELAY_COUNTERS_BYTES));
  readonly #retiredUdp = new Float64Array(UDP_COUNTERS_BYTES / Float64Array.BYTES_PER_ELEMENT);
  /** For the worker that comes next, or runs. */
  relayMemory = new SharedArrayBuffer(RELAY_COUNTERS_BYTES);
  udpMemory = new SharedArrayBuffer(UDP_COUNTERS_BYTES);
  #relay = relayCountersIn(this.relayMemory);
  #udp = new UdpCounters(this.udpMemory);

  /** The worker is gone: keeps what it counted, forgets what it had, and makes fresh memory for its successor. */
  retire(): void {
    add(this.#retired.values, this.#relay.values);
    for (const name of RELAY_GAUGES) this.#retired.values[RelayCounter[name]] = 0;
    add(this.#retired.clientDrops, this.#relay.clientDrops);
    add(this.#retired.serverDrops, this.#relay.serverDrops);
    add(this.#retiredUdp, this.#udp.values);
    this.#retiredUdp[UDP_COUNTER.sockets_open] = 0;
    this.relayMemory = new SharedArrayBuffer(RELAY_COUNTERS_BYTES);
    this.udpMemory = new SharedArrayBuffer(UDP_COUNTERS_BYTES);
    this.#relay = relayCountersIn(this.relayMemory);
    this.#udp = new UdpCounters(this.udpMemory);
  }

  /** Adds everything to `relay` and `udp`. */
  addTo(relay: RelayCounters, udp: Float64Array): void {
    for (const counters of [this.#retired, this.#relay]) {
      add(relay.values, counters.values);
      add(relay.clientDrops, counters.clientDrops);
      add(relay.serverDrops, counters.serverDrops);
    }
    add(udp, this.#retiredUdp);
    add(udp, this.#udp.values);
  }

  /** Grows with everything that a restart must know, and with some that it need not. */
  get news(): number {
    let sum = 0;
    for (const name of NEWS) sum += this.#retired.values[RelayCounter[name]] + this.#relay.values[RelayCounter[name]];
    return sum;
  }

  /** What the worker that runs now has of what every worker knows all of. */
  common(name: CommonGauge): number {
    return this.#relay.values[RelayCounter[name]];
  }
}

function add(to: Float64Array, from: Float64Array): void {
  for (let index = 0; index < to.length; index++) to[index] += from[index];
}
