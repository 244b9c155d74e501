import { RELAY_COUNTERS_BYTES, RelayCounter, relayCountersIn } from '@lightspeed/session';
import { UDP_COUNTERS, UDP_COUNTERS_BYTES } from '@lightspeed/udp';
import type { UdpCounterName } from '@lightspeed/udp';
import { DROP_REASON_NAMES } from '@lightspeed/wire';
import type { RelayCounterName } from './worker-counters.ts';
import type { WorkerSlot, WorkerState } from './worker-slot.ts';

/** What a node has done and has, over all its workers. Read while they run: not all of one instant. */
export interface NodeStats {
  /** By the names of `RelayCounter` of @lightspeed/session. */
  readonly relay: Readonly<Record<RelayCounterName, number>>;
  /** Datagrams of clients that went no further, by reason: `bad_token`, `destination_denied`, ... */
  readonly clientDrops: Readonly<Record<string, number>>;
  /** Datagrams of game servers that went no further, by reason. */
  readonly serverDrops: Readonly<Record<string, number>>;
  /** By the names of `UDP_COUNTER` of @lightspeed/udp. */
  readonly udp: Readonly<Record<UdpCounterName, number>>;
  readonly workers: readonly WorkerStats[];
  /** How often a worker crashed and was started again. */
  readonly workerRestarts: number;
}

/** What one worker is and does now. */
export interface WorkerStats {
  readonly state: WorkerState;
  /** The processor that it is kept on; undefined where the system chooses. */
  readonly core: number | undefined;
  readonly sessions: number;
  readonly restarts: number;
}

const RELAY_NAMES = Object.keys(RelayCounter) as readonly RelayCounterName[];

/** Adds up the counters of all workers, those of ended ones included. */
export function collectStats(workers: readonly WorkerSlot[]): NodeStats {
  const relay = relayCountersIn(new ArrayBuffer(RELAY_COUNTERS_BYTES));
  const udp = new Float64Array(UDP_COUNTERS_BYTES / Float64Array.BYTES_PER_ELEMENT);
  let sessions = 0;
  let bannedAddresses = 0;
  let registrations = 0;
  let workerRestarts = 0;
  for (const worker of workers) {
    worker.counters.addTo(relay, udp);
    sessions += worker.sessions;
    workerRestarts += worker.restarts;
    // Every worker knows every ban and every registration.
    bannedAddresses = Math.max(bannedAddresses, worker.counters.common('bannedAddresses'));
    registrations = Math.max(registrations, worker.counters.common('registrations'));
  }
  const counters = byName(RELAY_NAMES, (name) => relay.values[RelayCounter[name]]);
  return {
    relay: { ...counters, sessions, bannedAddresses, registrations },
    clientDrops: dropsByName(relay.clientDrops),
    serverDrops: dropsByName(relay.serverDrops),
    udp: byName(UDP_COUNTERS, (_name, index) => udp[index]),
    workers: workers.map((worker) => ({
      state: worker.state,
      core: worker.core,
      sessions: worker.sessions,
      restarts: worker.restarts,
    })),
    workerRestarts,
  };
}

function byName<Name extends string>(names: readonly Name[], value: (name: Name, index: number) => number): Record<Name, number> {
  return Object.fromEntries(names.map((name, index) => [name, value(name, index)])) as Record<Name, number>;
}

function dropsByName(drops: Float64Array): Record<string, number> {
  const named = DROP_REASON_NAMES.map((name, reason) => [name, drops[reason]] as const);
  return Object.fromEntries(named.filter(([name]) => name !== ''));
}
