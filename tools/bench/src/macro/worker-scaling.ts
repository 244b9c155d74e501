import { readFileSync, readdirSync } from 'node:fs';
import { LOOPBACK } from '@lightspeed/lab';
import type { Endpoint } from '@lightspeed/wire';
import { LoadProcess } from '../load/load-process.ts';
import type { Cores } from './cores.ts';
import { OURS } from './entrants.ts';
import { searchHighestRates } from './highest-rate.ts';
import { OurNode } from './our-node.ts';
import type { SearchPlan } from './plan.ts';
import type { RelayUnderTest } from './relay-under-test.ts';
import { ThreadQuota, cpuController } from './thread-quota.ts';
import { measureWindow } from './window.ts';
import type { WindowLoad } from './window.ts';

/** What workers carry that have a part of a core each, or why that was not measured. */
export type WorkerScaling =
  { readonly share: number; readonly rates: readonly { readonly workers: number; readonly ratePps: number }[] } | { readonly why: string };

export interface WorkerScalingPlan {
  /** How much of a core each worker has. */
  readonly share: number;
  readonly workers: readonly number[];
  readonly search: SearchPlan;
  readonly warmUp: Omit<WindowLoad, 'clients'>;
}

/** As apps/proxy names the threads of its workers. */
const WORKER_THREAD = /^data-plane-\d+\n$/;

/**
 * Looks for the highest rate of nodes with one worker and more, each of which has the same part of the relays' core. On a
 * machine with two cores, one of which the load generator fills, this is how one sees whether workers get in each other's
 * way: by what they share, not by what the machine lacks.
 */
export async function measureWorkerScaling(
  plan: WorkerScalingPlan,
  cores: Cores,
  progress: (text: string) => void,
): Promise<WorkerScaling> {
  const controller = cpuController();
  if (controller === undefined) return { why: 'this system has no control groups for CPU time' };
  await using undo = new AsyncDisposableStack();
  const { clients } = plan.search;
  // Behind the nodes in the order of undoing: a group can only be removed when its threads have ended.
  const quota = undo.use(new ThreadQuota(controller, plan.share, `lightspeed-bench-${process.pid}`));
  const load = undo.adopt(new LoadProcess([]), (child) => child.stop());
  const { gameServer } = await load.openSockets(clients, [LOOPBACK], LOOPBACK);
  const relays: RelayUnderTest[] = [];
  for (const workers of plan.workers) {
    const relay = undo.adopt(await startNode(workers, { load, gameServer, clients, within: cores.relay }, progress), ({ stop }) => stop());
    await load.open({ ...relay.target, clients });
    // At its full speed: V8 compiles a path while it runs.
    await measureWindow(load, relay, { ...plan.warmUp, clients });
    const [pid] = relay.pids;
    try {
      quota.limit(pid, workerThreads(pid));
    } catch (error) {
      return { why: `control groups cannot be used here: ${error instanceof Error ? error.message : String(error)}` };
    }
    relays.push(relay);
  }
  const highest = await searchHighestRates(load, relays, plan.search, progress);
  return { share: plan.share, rates: highest.map(({ ratePps }, index) => ({ workers: plan.workers[index], ratePps })) };
}

interface NodePlace {
  readonly load: LoadProcess;
  readonly gameServer: Endpoint;
  readonly clients: number;
  readonly within: readonly string[];
}

async function startNode(workers: number, place: NodePlace, progress: (text: string) => void): Promise<RelayUnderTest> {
  const name = `${OURS}, ${workers === 1 ? 'a slow worker' : `${workers} slow workers`}`;
  const { load, ...where } = place;
  const node = await OurNode.start({ name, io: 'batch', workers, ...where }, load, progress);
  await node.hangUp();
  return node.spokenTo(name, 0, 0);
}

function workerThreads(pid: number): number[] {
  const named = (thread: string) => WORKER_THREAD.test(readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8'));
  return readdirSync(`/proc/${pid}/task`).filter(named).map(Number);
}
