import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SESSIONS_PER_SERVER } from './addresses.ts';
import type { Latencies } from './latency-counts.ts';
import { LoadProcess } from './load-process.ts';
import type { LoadAnswer, LoadTask } from './load-messages.ts';
import { PopulatedRelay, bytesPerRegisteredSession } from './relay-memory.ts';
import { ScaleNode } from './node-process.ts';
import type { NodeMemory } from './node-process.ts';

const WORKSPACE = fileURLToPath(new URL('../../../..', import.meta.url));

/** What one number of sessions is measured with. */
interface ScalePlan {
  readonly sessions: number;
  /** Whether they are registered, as they are by default; else anybody is let in. */
  readonly authentication: boolean;
  /** Round trips a second over all sessions. */
  readonly ratePps: number;
  readonly loadSecs: number;
  /** Before memory is read. */
  readonly settleMs: number;
  /** Longer than opening all of them takes: the first ones must not end meanwhile. */
  readonly sessionTimeoutSecs: number;
}

export interface ScaleResult extends ScalePlan {
  readonly opened: number;
  /** The node before anybody registered, with all sessions open and idle, and after packets have flowed. */
  readonly empty: NodeMemory;
  readonly idle: NodeMemory;
  readonly loaded: NodeMemory;
  readonly bytesPerSession: number;
  readonly load: {
    readonly sent: number;
    readonly received: number;
    /** Of one core, 0 to 1. */
    readonly cpu: number;
    readonly cpuUsPerRoundTrip: number;
    readonly latencies: Latencies;
  };
  /** Probes by few sessions while the others are idle, and swept twice a second. */
  readonly sweeps: Latencies;
  /** Probes while the others end, all at the same time. */
  readonly expiry: Latencies;
}

/** A relay with so many sessions in memory. */
interface RelayScale {
  readonly sessions: number;
  readonly bytesPerSession: number;
  /** The longest call of `handleTimeout` in a minute without packets, and while all sessions end. */
  readonly longestIdleMs: number;
  readonly longestExpiryMs: number;
}

export interface ScaleReport {
  readonly results: readonly ScaleResult[];
  readonly relay: readonly RelayScale[];
}

/** A node gives memory back ten seconds after its start and after many sessions have opened, and looks every second. */
const SETTLE_MS = 13_000;
/** And it saves its sessions as many milliseconds after its start, and then after each save, as it has registrations. */
const SETTLE_AND_SAVE_MS = 60_000;

export const FULL_SCALE: readonly ScalePlan[] = [
  { sessions: 1_000, authentication: true, ratePps: 10_000, loadSecs: 5, settleMs: SETTLE_MS, sessionTimeoutSecs: 18 },
  { sessions: 10_000, authentication: true, ratePps: 20_000, loadSecs: 8, settleMs: SETTLE_MS, sessionTimeoutSecs: 20 },
  { sessions: 50_000, authentication: true, ratePps: 20_000, loadSecs: 8, settleMs: SETTLE_AND_SAVE_MS, sessionTimeoutSecs: 85 },
  { sessions: 50_000, authentication: false, ratePps: 20_000, loadSecs: 8, settleMs: SETTLE_MS, sessionTimeoutSecs: 32 },
];

export const QUICK_SCALE: readonly ScalePlan[] = [
  { sessions: 1_000, authentication: true, ratePps: 5_000, loadSecs: 1, settleMs: 500, sessionTimeoutSecs: 3 },
];

/** Each has a socket of its own, and a process may open only so many. */
const SESSIONS_PER_PROCESS = 12_500;
const OPENED_PER_SECOND = 5_000;
const PROBING_SESSIONS = 50;
const PROBES_PPS = 2_000;
const SWEEPS_MS = 3_000;
/** Sessions end within this time after their timeout. */
const EXPIRY_MS = 3_000;

/**
 * Measures relays in memory and a node, in a process of its own and as it is published, with many sessions over real sockets.
 * Needs `--expose-gc`.
 * @param onProgress called with what is measured next.
 */
export async function measureScale(plans: readonly ScalePlan[], onProgress: (what: string) => void): Promise<ScaleReport> {
  onProgress('relays in memory');
  const relay = plans
    .map(({ sessions }) => sessions)
    .filter(isFirst)
    .map(measureRelay);
  onProgress('building the node');
  await promisify(execFile)(join(WORKSPACE, 'node_modules', '.bin', 'nx'), ['build', 'proxy'], { cwd: WORKSPACE });
  const results: ScaleResult[] = [];
  for (const plan of plans) {
    onProgress(`${plan.sessions.toLocaleString('en')} sessions`);
    results.push(await measureOne(plan));
  }
  return { results, relay };
}

function isFirst(sessions: number, index: number, all: readonly number[]): boolean {
  return all.indexOf(sessions) === index;
}

/** Sessions end after 300 s without a packet. */
const IDLE_MS = 60_000;
const LONGER_THAN_A_SESSION_MS = 310_000;

function measureRelay(sessions: number): RelayScale {
  const bytesPerSession = bytesPerRegisteredSession(sessions);
  const populated = new PopulatedRelay(sessions);
  populated.populate();
  const longestIdleMs = populated.pass(IDLE_MS);
  const longestExpiryMs = populated.pass(LONGER_THAN_A_SESSION_MS - IDLE_MS);
  if (populated.relay.sessionCount !== 0) throw new Error(`${populated.relay.sessionCount} sessions have outlived their time`);
  return { sessions, bytesPerSession, longestIdleMs, longestExpiryMs };
}

async function measureOne(plan: ScalePlan): Promise<ScaleResult> {
  const empty = await withNode(plan, 0, async (node) => {
    await setTimeout(Math.min(plan.settleMs, SETTLE_MS));
    return node.memory();
  });
  return withNode(plan, plan.authentication ? plan.sessions : 0, async (node) => {
    const processes = await startLoad(plan, node);
    try {
      return await measureWith(plan, empty, node, processes);
    } finally {
      await Promise.all(processes.map((one) => one.stop()));
    }
  });
}

async function measureWith(plan: ScalePlan, empty: NodeMemory, node: ScaleNode, processes: readonly LoadProcess[]): Promise<ScaleResult> {
  const { sessions, ratePps, loadSecs, settleMs, sessionTimeoutSecs } = plan;
  const share = 1 / processes.length;
  const answers = await runAll(processes, { type: 'open', ratePps: OPENED_PER_SECOND * share, timeoutMs: 30_000 });
  const opened = answers.reduce((sum, answer) => sum + answer.opened, 0);
  if (opened < sessions) throw new Error(`only ${opened} of ${sessions} sessions could be opened`);
  await setTimeout(settleMs);
  const idle = await node.memory();

  const cpuBefore = await node.cpuSeconds();
  const load = await runAll(processes, { type: 'send', sessions, ratePps: ratePps * share, forMs: loadSecs * 1_000 });
  const loadedAtMs = performance.now();
  const cpuSeconds = (await node.cpuSeconds()) - cpuBefore;
  if (summaryOf(load).received === 0) throw new Error('no packet came back: the sessions have ended before the load began');
  const loaded = await node.memory();

  const probes = { type: 'send', sessions: PROBING_SESSIONS, ratePps: PROBES_PPS } as const;
  const sweeps = await processes[0].run({ ...probes, forMs: Math.min(SWEEPS_MS, sessionTimeoutSecs * 500) });
  const untilExpiryMs = loadedAtMs + sessionTimeoutSecs * 1_000 + EXPIRY_MS - performance.now();
  const expiry = await processes[0].run({ ...probes, forMs: untilExpiryMs });
  return {
    ...plan,
    opened,
    empty,
    idle,
    loaded,
    bytesPerSession: (idle.rssBytes - empty.rssBytes) / sessions,
    load: { ...summaryOf(load), cpu: cpuSeconds / loadSecs, cpuUsPerRoundTrip: (cpuSeconds * 1e6) / summaryOf(load).received },
    sweeps: sweeps.latencies,
    expiry: expiry.latencies,
  };
}

/** Over several processes the worst of each quantile: never better than it was. */
function summaryOf(answers: readonly LoadAnswer[]): { sent: number; received: number; latencies: Latencies } {
  const worst = (name: keyof Latencies): number => Math.max(...answers.map(({ latencies }) => latencies[name]));
  return {
    sent: answers.reduce((sum, { sent }) => sum + sent, 0),
    received: answers.reduce((sum, { received }) => sum + received, 0),
    latencies: { p50Us: worst('p50Us'), p99Us: worst('p99Us'), p999Us: worst('p999Us'), maxUs: worst('maxUs') },
  };
}

function runAll(processes: readonly LoadProcess[], task: LoadTask): Promise<LoadAnswer[]> {
  return Promise.all(processes.map((one) => one.run(task)));
}

async function startLoad({ sessions, authentication }: ScalePlan, node: ScaleNode): Promise<LoadProcess[]> {
  const count = Math.ceil(sessions / SESSIONS_PER_PROCESS);
  const processes = Array.from({ length: count }, () => new LoadProcess());
  // Whole game servers: each is in one process.
  const each = Math.ceil(sessions / count / SESSIONS_PER_SERVER) * SESSIONS_PER_SERVER;
  try {
    await Promise.all(
      processes.map((one, index) => {
        const firstSession = index * each;
        return one.run({
          type: 'start',
          node: node.data,
          firstSession,
          sessions: Math.min(each, sessions - firstSession),
          registered: authentication,
        });
      }),
    );
    return processes;
  } catch (error) {
    await Promise.all(processes.map((one) => one.stop()));
    throw error;
  }
}

async function withNode<T>(plan: ScalePlan, registrations: number, use: (node: ScaleNode) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'lightspeed-scale-'));
  const { sessions, authentication, sessionTimeoutSecs } = plan;
  try {
    const node = await ScaleNode.start({ folder, authentication, registrations, maxClients: sessions, sessionTimeoutSecs });
    try {
      return await use(node);
    } finally {
      await node.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
