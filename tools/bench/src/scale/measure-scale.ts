import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LabError, LOOPBACK, NodeProgram, temporaryFolder, residentBytes, startLoad } from '@lightspeed/lab';
import type { LoadTarget, WindowPlan } from '@lightspeed/lab';
import type { Endpoint } from '@lightspeed/wire';
import { bytesPerRegisteredSession } from '../micro/memory-relay.ts';
import { requireLinux } from '../relays/measure-relays.ts';
import { combined, measureWindow } from '../relays/window.ts';
import type { Claim, Found } from '../report/page.ts';
import type { Row } from '../report/table.ts';
import { addressesOf, savedRegistrations, sessionsOf } from './sessions.ts';

/** A node gives memory back ten seconds after its start and after many sessions have opened, and looks every second. */
const SETTLE_MS = 13_000;
/** And it saves its sessions as many milliseconds after its start, and then after each save, as it has registrations. */
const SETTLE_AND_SAVE_MS = 60_000;

/**
 * The numbers of sessions, which are registered, as after a restart, or else anybody is let in. Each has its round trips a
 * second over all sessions, and the time before memory is read.
 */
const FULL_SCALE = [
  { sessions: 1_000, registered: true, ratePps: 10_000, loadMs: 5_000, settleMs: SETTLE_MS },
  { sessions: 10_000, registered: true, ratePps: 20_000, loadMs: 8_000, settleMs: SETTLE_MS },
  { sessions: 50_000, registered: true, ratePps: 20_000, loadMs: 8_000, settleMs: SETTLE_AND_SAVE_MS },
  { sessions: 50_000, registered: false, ratePps: 20_000, loadMs: 8_000, settleMs: SETTLE_MS },
];
const QUICK_SCALE = [{ sessions: 1_000, registered: true, ratePps: 5_000, loadMs: 1_000, settleMs: 500 }];
type ScalePlan = (typeof FULL_SCALE)[number];

const WORKSPACE = fileURLToPath(new URL('../../../..', import.meta.url));
/** The program as it is published: what operators run, without the compiler that runs TypeScript sources. */
const PROGRAM = join(WORKSPACE, 'apps', 'proxy', 'dist', 'main.js');
/** As docs/operating.md has it for nodes with very many sessions. */
const NODE_FLAGS = ['--max-semi-space-size=1'];
const ENV = { MALLOC_ARENA_MAX: '2' };
/** Each session has a socket of its own, and a process may open only so many. */
const SESSIONS_PER_PROCESS = 12_500;
const SESSIONS_PER_SERVER = 1_000;
const OPENED_PER_SECOND = 5_000;
const FIRST_SERVER_IP = 0x7fc8_0001;
/** Longer than any run. */
const LIFETIMES = { sessionTimeoutSecs: 3_600, flowTimeoutSecs: 3_600, graceSecs: 3_600 };
const SILENCE_MS = 300;
const MOST_BYTES_PER_SESSION = 1_500;

/** Measures nodes, each in a process of its own and as it is published, with many sessions over real sockets. */
export async function measureScale(quick: boolean, progress: (what: string) => void): Promise<Found> {
  requireLinux();
  progress('building the node');
  await promisify(execFile)(join(WORKSPACE, 'node_modules', '.bin', 'nx'), ['build', 'proxy'], { cwd: WORKSPACE });
  const rows: Row[] = [];
  for (const plan of quick ? QUICK_SCALE : FULL_SCALE) {
    progress(`${plan.sessions.toLocaleString('en')} sessions`);
    rows.push(await measureOne(plan));
  }
  return { figures: { 'Nodes with very many sessions': rows }, claims: memoryClaims(rows), faults: [] };
}

/** A node's memory differs by some megabytes from start to start: only very many sessions show what one takes. */
export function memoryClaims(rows: readonly Row[]): Claim[] {
  const found = rows.filter((row) => row.sessions === 50_000 && row['let in'] === 'registered');
  return found.map((row) => ({
    ...{ claim: 'bytes of the node for an idle registered session', against: '–', load: '50,000 sessions, each with a flow' },
    ...{ bound: MOST_BYTES_PER_SESSION, measured: [Number(row['bytes per idle session'])], repeat: '`pnpm bench --only scale`' },
  }));
}

async function measureOne(plan: ScalePlan): Promise<Row> {
  const { sessions, registered, ratePps, loadMs, settleMs } = plan;
  const emptyBytes = await emptyNode(plan);
  await using undo = new AsyncDisposableStack();
  const counts = Array.from({ length: Math.ceil(sessions / SESSIONS_PER_PROCESS) }, (_, index) =>
    Math.min(SESSIONS_PER_PROCESS, sessions - index * SESSIONS_PER_PROCESS),
  );
  const loads = counts.map(() => undo.use(startLoad()));
  const servers: Endpoint[] = [];
  for (const [index, clients] of counts.entries()) {
    const ips = Array.from({ length: Math.ceil(clients / SESSIONS_PER_SERVER) }, (_, server) => FIRST_SERVER_IP + servers.length + server);
    servers.push(...(await loads[index].openSockets({ clients, sourceIps: addressesOf(index, clients), serverIps: ips })));
    await loads[index].takeSessions('scale', sessionsOf(index, clients));
  }
  const node = await startNode(undo, plan, savedRegistrations(registered ? counts : []), servers);
  const framing = { kind: 'lstp', groupSize: 0, ...(registered ? { registrations: 'scale' } : {}) } as const;
  const relay = { name: 'scale', target: { framing, address: node.data }, pids: [node.pid], lines: node.lines };
  const target = (index: number) => ({ name: relay.name, ...relay.target, clients: counts[index] });
  const opened = await Promise.all(loads.map((load, index) => load.open(target(index), OPENED_PER_SECOND / loads.length)));
  const open = opened.reduce((sum, result) => sum + result.open, 0);
  if (open < sessions) throw new LabError('ERR_LAB_PROCESS', `only ${open} of ${sessions} sessions could be opened`);
  const shareOf = (each: WindowPlan, index: number) => ({ ...each, ratePps: (each.ratePps * counts[index]) / sessions });
  const together = {
    // Of times the worst of all processes: never better than it was.
    window: async (_all: LoadTarget, each: WindowPlan) => {
      const results = await Promise.all(loads.map((load, index) => load.window(target(index), shareOf(each, index))));
      return combined(results, (times) => Math.max(...times));
    },
  };
  const shape = { clients: sessions, grainUs: 0, burst: 1, warmUpMs: 0, timeoutMs: SILENCE_MS };
  // A packet of each, which opens its flow.
  await measureWindow(together, relay, { ...shape, ratePps: OPENED_PER_SECOND, measureMs: (sessions * 1_000) / OPENED_PER_SECOND });
  await setTimeout(settleMs);
  const idleBytes = residentBytes([node.pid]);
  const { sent, answered, late, ...loaded } = await measureWindow(together, relay, { ...shape, ratePps, measureMs: loadMs });
  return {
    sessions,
    'let in': registered ? 'registered' : 'anybody',
    'RSS without any, MB': emptyBytes / 1e6,
    'RSS idle, MB': idleBytes / 1e6,
    'bytes per idle session': (idleBytes - emptyBytes) / sessions,
    'of these in the relay': registered ? bytesPerRegisteredSession(sessions) : NaN,
    'RSS after load, MB': loaded.residentBytes / 1e6,
    'round trips per second': ratePps,
    'lost, %': 100 * (1 - (answered + late) / sent),
    'CPU µs per round trip': loaded.cpuUsPerRoundTrip,
    ...{ 'p50 µs': loaded.p50Us, 'p99 µs': loaded.p99Us, 'p99.9 µs': loaded.p999Us, 'longest µs': loaded.maxUs },
  };
}

/** @returns the memory of a node before anybody has come. */
async function emptyNode(plan: ScalePlan): Promise<number> {
  await using undo = new AsyncDisposableStack();
  const node = await startNode(undo, plan, savedRegistrations([]), []);
  await setTimeout(Math.min(plan.settleMs, SETTLE_MS));
  return residentBytes([node.pid]);
}

async function startNode(undo: AsyncDisposableStack, { sessions, registered }: ScalePlan, saved: string, allow: readonly Endpoint[]) {
  const { path: stateDir } = undo.use(await temporaryFolder());
  await writeFile(join(stateDir, 'sessions.json'), saved);
  const node = await NodeProgram.start({
    ...{ allow, stateDir, egressIp: LOOPBACK, admit: registered ? 'whoever registers' : 'anybody', maxClients: sessions },
    ...{ ...LIFETIMES, program: PROGRAM, nodeFlags: NODE_FLAGS, env: ENV },
  });
  return undo.use(node);
}
