import { setTimeout } from 'node:timers/promises';
import { formatIpv4 } from '@lightspeed/wire';
import { count, mebibytes, milliseconds } from '../figures.ts';
import { Issuer } from '../issuer.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import type { PlayerReport } from '../namespaces/agent-messages.ts';
import { percentile, strange, totals } from '../namespaces/figures.ts';
import { Player } from '../namespaces/player.ts';
import { ChildProgram } from '../child-program.ts';
import { EchoServer } from './echo-server.ts';
import { controlAccounts, expectControlAccounts } from './garbage-accounts.ts';
import { GARBAGE_KINDS } from './garbage-plan.ts';
import type { GarbageQuestion } from './garbage-plan.ts';
import type { GarbageReport } from './hostile-session.ts';
import { Newcomers } from './newcomers.ts';
import type { NewcomersReport } from './newcomers.ts';
import { Expectations } from './outcome.ts';
import type { Outcome, Progress } from './outcome.ts';
import { startSoakNode } from './soak-node.ts';
import { watch } from './watch.ts';

/** How long the control plane gets garbage, and who plays meanwhile. */
export interface GarbageOptions {
  readonly seconds: number;
  /** How long the same clients play before, with nobody hostile about. */
  readonly quietSeconds: number;
  readonly players: number;
  readonly seed: number;
}

/** The options of the soak. */
export const LONG_GARBAGE: GarbageOptions = { seconds: 60, quietSeconds: 10, players: 4, seed: 1 };

const DATAGRAMS_PER_SECOND = 50;
const NEWCOMER_PAUSE_MS = 200;
const NEWCOMER_TIMEOUT_MS = 10_000;
const PEER_IPS = LOOPBACK + 0x300;
const LOOK_MS = 500;
/** Of what the node needed before, while it is attacked, and afterwards. */
const MAX_GROWTH = 2;
const MAX_LEFT = 1.15;
/** Abandoned connections idle out after 30 s, and memory is given back some twenty seconds later. */
const RETURN_MS = 90_000;

/**
 * Hostile peers of the control plane, one process for each kind, beside players and newcomers with tickets. Nobody's
 * registration may fail, no datagram of a game be lost, nobody's connection end, and the node's memory must return.
 */
export async function runGarbage({ seconds, quietSeconds, players: playing, seed }: GarbageOptions, progress: Progress): Promise<Outcome> {
  await using started = new AsyncDisposableStack();
  const { address: gameServer } = started.use(await EchoServer.open());
  const issuer = new Issuer();
  const node = await startSoakNode(started, [gameServer], { issuer });
  const ticket = issuer.ticket();
  const plan = { tunnel: { register: { nodes: [node.settings], ticket } }, gameServer, datagramsPerSecond: DATAGRAMS_PER_SECOND };
  const players = await Promise.all(Array.from({ length: playing }, () => Player.start({ ...plan, players: 1 })));
  for (const player of players) started.defer(() => player.close());
  const { ip, port } = node.control;
  const newcomers = new Newcomers(
    { host: formatIpv4(ip), port, sha256: node.pin, ticket, timeoutMs: NEWCOMER_TIMEOUT_MS },
    NEWCOMER_PAUSE_MS,
  );
  started.defer(() => newcomers.stop());
  const mark = async () => ({ games: await Promise.all(players.map((player) => player.mark())), came: newcomers.mark() });
  const rss = () => node.metric('process_resident_memory_bytes');

  const first = await mark();
  await setTimeout(quietSeconds * 1_000);
  const quiet = await mark();
  const before = await rss();
  let most = before;
  const startedMs = performance.now();
  const reporting = GARBAGE_KINDS.map((kind, index) => {
    const peer = new ChildProgram<GarbageQuestion>(new URL('./garbage-peer-main.ts', import.meta.url), `the hostile peer '${kind}'`);
    started.defer(() => peer.stop());
    const plan = { kind, control: node.control, fromIp: PEER_IPS + index, seed: seed + index, seconds };
    const report = peer.ask<GarbageReport>({ ask: 'attack', plan });
    // It may fail before anybody waits for it.
    report.catch(() => undefined);
    return report;
  });
  while (performance.now() - startedMs < seconds * 1_000) {
    await setTimeout(LOOK_MS);
    most = Math.max(most, await rss());
  }
  const { connections } = await controlAccounts(node);
  progress(`${connections} connections after ${seconds} s, memory ${mebibytes(most)} at most`);
  const reports = await Promise.all(reporting);
  const busy = await mark();

  let left = most;
  const idle = async () => (await node.metric('lightspeed_control_connections')) <= playing + 1;
  const returned = async () => (left = await rss()) <= before * MAX_LEFT && (await idle());
  await watch(returned, RETURN_MS, () => progress(`memory is ${mebibytes(left)}, was ${mebibytes(before)}`));
  const returnedMs = performance.now() - startedMs - seconds * 1_000;
  await newcomers.stop();
  // The node learns of the last one's goodbye a moment later.
  await watch(
    async () => (await node.metric('lightspeed_control_connections')) <= playing,
    RETURN_MS,
    () => undefined,
  );
  const after = await mark();
  const accounts = await controlAccounts(node);

  const expectations = new Expectations();
  for (const window of [quiet, busy, after]) expectHealthy(expectations, window);
  expectations.that(busy.came.registered >= seconds, `only ${busy.came.registered} newcomers in ${seconds} s`);
  expectations.that(most <= before * MAX_GROWTH, `memory was ${mebibytes(before)} before, and ${mebibytes(most)} at most`);
  expectations.that(left <= before * MAX_LEFT, `memory was ${mebibytes(before)} before, and is ${mebibytes(left)} afterwards`);
  expectations.equal('connections that are left', accounts.connections, playing);
  const kernelDrops = await node.metric('lightspeed_kernel_dropped_packets_total');
  expectations.equal('datagrams that the kernel dropped in front of the node', kernelDrops, 0);
  expectations.equal('faults in the log of the node', node.lines.filter((line) => line.includes('"level":50')).length, 0);
  const newcomersInAll = [first, quiet, busy, after].reduce((sum, { came }) => sum + came.registered, 0);
  expectControlAccounts(expectations, accounts, reports, playing + newcomersInAll);
  return {
    name: 'garbage',
    faults: expectations.faults,
    figures: {
      ...Object.fromEntries(GARBAGE_KINDS.map((kind, index) => [kind, peerLine(reports[index])])),
      ...windowFigures('before', quiet),
      ...windowFigures('during', busy),
      memory: `${mebibytes(before)}, ${mebibytes(most)} at most, ${mebibytes(left)} after ${(returnedMs / 1_000).toFixed(0)} s`,
      refused: `${count(accounts.overPerAddress)} connections, ${count(accounts.refusals)} messages, ${count(accounts.unregistered)} registrations`,
      closed: `${count(accounts.protocol)} for what was refused, ${count(accounts.rateLimited)} for too much, ${count(accounts.notReading)} for not reading`,
    },
  };
}

function peerLine({ attempts, opened, streams, bytes, datagrams }: GarbageReport): string {
  if (datagrams > 0) return `${count(datagrams)} datagrams, ${mebibytes(bytes)}`;
  return `${count(opened)} connections of ${count(attempts)}, ${count(streams)} streams, ${mebibytes(bytes)}`;
}

/** What players and newcomers saw for some time. */
interface Window {
  readonly games: readonly PlayerReport[];
  readonly came: NewcomersReport;
}

function expectHealthy(expectations: Expectations, { games, came }: Window): void {
  for (const failure of came.failures) expectations.that(false, `a newcomer was not registered: ${failure}`);
  expectations.equal('datagrams of players that were not answered', totals(games).lost, 0);
  expectations.equal('answers that were strange', strange(games), 0);
  for (const event of games.flatMap(({ events }) => events)) expectations.that(false, `a player was told: ${event}`);
}

function windowFigures(when: string, { games, came }: Window): Record<string, string> {
  const trips = games.flatMap(({ game }) => game.roundTripsMs).toSorted((a, b) => a - b);
  const { sent, lost } = totals(games);
  const two = (ascending: readonly number[]) => `${milliseconds(percentile(ascending, 0.5))}, ${milliseconds(percentile(ascending, 0.99))}`;
  return {
    [`${when}: lost`]: `${count(lost)} of ${count(sent)}`,
    [`${when}: median, p99`]: two(trips),
    [`${when}: registered`]: `${count(came.registered)}, median, p99 ${two(came.tookMs)}`,
  };
}
