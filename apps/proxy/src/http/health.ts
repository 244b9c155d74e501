import { availableKernel } from '@lightspeed/fec';
import type { FecKernel } from '@lightspeed/fec';
import { formatSocketAddress } from '@lightspeed/wire';
import type { WorkerStats } from '../supervisor/stats.ts';
import type { ControlPlane } from '../control/control-plane.ts';
import { VERSION } from '../base/version.ts';
import type { NodeView } from './node-view.ts';

/** How a node is, as GET /health says it. Keys are stable. */
export interface Health {
  /** `degraded`: some of its workers do not serve; `down`: none does. */
  readonly status: 'ok' | 'degraded' | 'down' | 'draining' | 'stopping';
  readonly version: string;
  readonly node_id: string;
  readonly region: string;
  readonly uptime_s: number;
  readonly data_address: string;
  readonly control: ControlHealth | 'off';
  readonly authentication: 'required' | 'off';
  readonly dialect: string;
  readonly sessions: number;
  readonly max_clients: number;
  readonly flows: number;
  /** `fell_back`: it is the portable one although this platform promises the batch engine; `reason` says what is in the way. */
  readonly engine: { readonly kind: string; readonly reason: string; readonly fell_back: boolean };
  readonly fec_kernel: FecKernel;
  readonly workers: readonly WorkerStats[];
  readonly worker_restarts: number;
}

interface ControlHealth {
  readonly address: string;
  /** What clients pin: SHA-256 of the node's public key. */
  readonly pin: string;
  /** Which of the forms of the QUIC library runs. */
  readonly quic: string;
  readonly registration: 'anyone' | 'tickets' | 'nobody';
  readonly connections: number;
  readonly registrations: number;
  /** Of them those whose session is open. */
  readonly bound: number;
  /** Of them those in whose name, or to whom, packets with wrong tokens came. */
  readonly attacked: number;
  /** Session ids of those that were attacked last, at most 20. */
  readonly attacked_sessions: readonly number[];
}

/** The node's state as `/healthz` shows it. */
export function health({ config, engine, supervisor, control, startedMs }: NodeView): Health {
  const { relay, workers, workerRestarts } = supervisor.stats();
  return {
    status: statusOf(workers, control?.isDraining ?? false),
    version: VERSION,
    node_id: config.nodeId,
    region: config.region,
    uptime_s: Math.floor((performance.now() - startedMs) / 1_000),
    data_address: formatSocketAddress(supervisor.dataAddress),
    control: control === undefined ? 'off' : controlHealth(control, config.registration),
    authentication: config.requireAuth ? 'required' : 'off',
    dialect: config.dialect,
    sessions: relay.sessions,
    max_clients: config.maxClients,
    flows: relay.flows,
    engine: { kind: engine.kind, reason: engine.reason, fell_back: engine.fellBack },
    fec_kernel: availableKernel(),
    workers,
    worker_restarts: workerRestarts,
  };
}

function controlHealth(control: ControlPlane, registration: ControlHealth['registration']): ControlHealth {
  const { address, pin, port, connections, registrations, bound, tagged } = control;
  const { quic } = port;
  return {
    address: formatSocketAddress(address),
    pin,
    quic,
    registration,
    connections,
    registrations,
    bound,
    attacked: tagged.attackedCount,
    attacked_sessions: tagged.attacked,
  };
}

function statusOf(workers: readonly WorkerStats[], draining: boolean): Health['status'] {
  if (workers.some(({ state }) => state === 'stopping' || state === 'stopped')) return 'stopping';
  if (draining) return 'draining';
  const serving = workers.filter(({ state }) => state === 'serving').length;
  if (serving === workers.length) return 'ok';
  return serving === 0 ? 'down' : 'degraded';
}
