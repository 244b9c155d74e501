import { setTimeout } from 'node:timers/promises';
import type { CaptureFigures, KillFigures, LoadFigures } from '../../../src/capture-figures.ts';
import { startChild } from '../../../src/child-program.ts';
import { LabError, reasonOf } from '../../../src/errors.ts';
import { percentile } from '../../../src/figures.ts';
import { command } from '../../../src/foreign-process.ts';
import { temporaryFolder } from '../../../src/leftovers.ts';
import { cpuNs, residentBytes } from '../../../src/process-usage.ts';
import { whyNoNamespaces } from '../../namespaces/internet.ts';
import { SERVERS, openCaptureStage } from '../support/stage.ts';
import type { CaptureStage, Program } from '../support/stage.ts';
import type { MeterProgram } from './meter-main.ts';
import { newFlowsPassMs, outageOf } from './outage.ts';

/*
 * `main.ts [quick]`: measures what captures cost, and what is lost when one of their processes is killed. It prints a
 * {@link CaptureFigures} as JSON; what it does stands on standard error. `pnpm bench --capture` runs it.
 */

const PER_SECOND = 500;
const END_MS = 60_000;
/** Helper and client give back what their start needed within the time before the load counts. */
const FULL = { loadRounds: 3, warmUpMs: 8_000, loadMs: 10_000, roundTrips: 3_000, directRounds: 3, killRounds: 5 };
const QUICK = { loadRounds: 1, warmUpMs: 7_000, loadMs: 3_000, roundTrips: 1_000, directRounds: 1, killRounds: 1 };
const VICTIMS = ['client', 'capture service', 'nft'] as const;
const [BY_NODE, DIRECT, NEW] = SERVERS;
const DIRECT_FLAGS = ['--way', `${DIRECT.ip}/32=direct`];
const plan = process.argv.includes('quick') ? QUICK : FULL;

// Without a stack: whoever has started this reads the last lines.
process.once('uncaughtException', (error) => {
  process.stderr.write(`${reasonOf(error)}\n`);
  process.exit(1);
});
await using started = new AsyncDisposableStack();
const why = await whyNoNamespaces();
if (why !== undefined) throw new LabError('ERR_LAB_PROCESS', `captures are measured in network namespaces, which cannot be made: ${why}`);
const stage = await openCaptureStage(started);
// As it is installed, in a folder that does not outlive this.
const places = await stage.placesIn(started.use(await temporaryFolder()).path);
const words = await stage.installer().install(places);
let helper = await stage.helper({ words });
process.stdout.write(`${JSON.stringify({ loads: await loads(stage), ...(await directFlows(stage)), kills: await kills(stage) })}\n`);

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function nftPid(): Promise<number> {
  return Number(await command('pgrep', ['-P', String(helper.pid), '-x', 'nft']));
}

/** The same game by `run` and by `play`, in turns. */
async function loads(stage: CaptureStage): Promise<CaptureFigures['loads']> {
  const found = { run: [] as LoadFigures[], play: [] as LoadFigures[] };
  const datagrams = (PER_SECOND * (plan.warmUpMs + plan.loadMs + 1_000)) / 1_000;
  const match = { datagrams, perSecond: PER_SECOND };
  for (let round = 0; round < plan.loadRounds; round++) {
    progress(`round ${round + 1}: 500 round trips a second by run`);
    await stage.offer({ ...match, servers: [BY_NODE] });
    await using run = stage.lightspeed(['run', '--json', '--', ...stage.game]);
    await run.line(/"event":"catching"/, END_MS);
    found.run.push(await load(run, { client: run.pid, 'capture service': helper.pid, nft: await nftPid() }));
    await run.exitCode();
    progress(`round ${round + 1}: 500 round trips a second by play`);
    const local = { ip: '127.0.0.1', port: 27_500 + round };
    await stage.offer({ ...match, servers: [local] });
    await using play = stage.lightspeed([
      ...['play', '--json', '--game-server', `${BY_NODE.ip}:${BY_NODE.port}`],
      ...['--listen', `${local.ip}:${local.port}`],
    ]);
    await play.line(/"event":"established"/, END_MS);
    await using game = stage.plain();
    found.play.push(await load(game, { client: play.pid }));
  }
  return found;
}

async function load(game: Program, processes: Readonly<Record<string, number>>): Promise<LoadFigures> {
  await setTimeout(plan.warmUpMs);
  const of = (value: (pids: readonly number[]) => number) => Object.entries(processes).map(([name, pid]) => [name, value([pid])] as const);
  const beganMs = performance.now();
  const before = of(cpuNs);
  await setTimeout(plan.loadMs);
  const ns = (performance.now() - beganMs) * 1e6;
  const cpu = of(cpuNs).map(([name, after], index) => [name, (after - before[index][1]) / ns] as const);
  const resident = of(residentBytes);
  const { sent, received } = await game.report();
  const sum = (parts: readonly (readonly [string, number])[]) => parts.reduce((total, [, value]) => total + value, 0);
  return {
    cpuShare: sum(cpu),
    cpuShareOf: Object.fromEntries(cpu),
    residentBytes: sum(resident),
    residentBytesOf: Object.fromEntries(resident),
    lostShare: 1 - received / sent,
  };
}

/** A game that measures, caught. */
async function caughtMeter(stage: CaptureStage, within: AsyncDisposableStack) {
  const meter = within.use(
    startChild<MeterProgram>({
      program: new URL('./meter-main.ts', import.meta.url),
      name: 'a game that measures',
      within: stage.asPlayer(),
    }),
  );
  const client = within.use(stage.lightspeed(['catch', '--json', ...DIRECT_FLAGS, '--pid', String(await meter.pid())]));
  await client.line(/"event":"catching"/, END_MS);
  // What else this machine does is to count as little as may be; where that is not allowed, it does.
  for (const pid of [await meter.pid(), await stage.matchmaker.pid()]) {
    await command('chrt', ['--all-tasks', '--rr', '--pid', '20', String(pid)]).catch(() => undefined);
  }
  return { meter, client };
}

/** Round trips of one process by a socket that is caught, and goes directly, and by one that is not. */
async function directFlows(stage: CaptureStage): Promise<Pick<CaptureFigures, 'direct' | 'directInUserSpace'>> {
  const direct = { uncaught: { p50: [] as number[], p99: [] as number[] }, direct: { p50: [] as number[], p99: [] as number[] } };
  await using within = new AsyncDisposableStack();
  const { meter, client } = await caughtMeter(stage, within);
  for (let round = 0; round < plan.directRounds; round++) {
    progress(`round ${round + 1}: round trips of a direct flow beside an uncaught one`);
    const [uncaught, caught] = await meter.compare(DIRECT, plan.roundTrips);
    for (const [times, { p50, p99 }] of [
      [uncaught, direct.uncaught],
      [caught, direct.direct],
    ] as const) {
      p50.push(percentile(times, 0.5));
      p99.push(percentile(times, 0.99));
    }
  }
  await client.endedBy('SIGTERM', END_MS);
  const { caught } = JSON.parse(await client.line(/"event":"captured"/, END_MS)) as { readonly caught: number };
  return { direct, directInUserSpace: caught / plan.directRounds };
}

/** Kills each process singly, some times over. */
async function kills(stage: CaptureStage): Promise<CaptureFigures['kills']> {
  const found: KillFigures[] = [];
  for (let round = 0; round < plan.killRounds; round++) {
    for (const victim of VICTIMS) {
      progress(`round ${round + 1}: killing: ${victim}`);
      found.push(await kill(stage, victim));
    }
  }
  return found;
}

async function kill(stage: CaptureStage, victim: (typeof VICTIMS)[number]): Promise<KillFigures> {
  await using within = new AsyncDisposableStack();
  const { meter, client } = await caughtMeter(stage, within);
  const pid = { client: client.pid, 'capture service': helper.pid, nft: await nftPid() }[victim];
  await stage.offer({});
  await meter.play({ byNode: BY_NODE, direct: DIRECT });
  await setTimeout(1_500);
  const { udp } = await stage.matchmaker.seen();
  if ([stage.node, stage.home].some(({ address }) => !(udp[address] > 0))) {
    throw new LabError('ERR_LAB_PROCESS', `there is no flow by the node, or none directly: game servers saw ${JSON.stringify(udp)}`);
  }
  const watcher = within.use(stage.rulesWatcher());
  await watcher.line(/^there/, END_MS);
  process.kill(pid, 'SIGKILL');
  const killedMs = performance.timeOrigin + performance.now();
  const [started, goneMs] = await Promise.all([
    meter.newFlows(NEW, 300),
    watcher.line(/^gone/, END_MS).then((line) => Number(line.split(' ')[1]) * 1_000 - killedMs),
  ]);
  await setTimeout(500);
  const { byNode, direct } = await meter.finish();
  if (victim === 'capture service') helper = await stage.helper({ words });
  const { lostShare, silentMs } = outageOf(direct, killedMs);
  return {
    victim,
    rulesGoneMs: Math.max(0, goneMs),
    newFlowsPassMs: newFlowsPassMs(started, killedMs),
    directLostShare: lostShare,
    directSilentMs: silentMs,
    nodeSilentMs: outageOf(byNode, killedMs).silentMs,
  };
}
