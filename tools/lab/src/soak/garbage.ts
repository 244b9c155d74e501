import { setTimeout } from 'node:timers/promises';
import { formatIpv4 } from '@lightspeed/wire';
import { reasonOf } from '../errors.ts';
import { count, mebibytes, medianAndP99 } from '../figures.ts';
import { openGameServer } from '../game/game-server.ts';
import { startPlayer, totals } from '../game/player.ts';
import type { PlayerReport } from '../game/player.ts';
import { Issuer } from '../issuer.ts';
import { Registrant } from '../load/registrant.ts';
import type { RegistrantPlan } from '../load/registrant.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import { residentBytes } from '../process-usage.ts';
import { defineRun } from '../runs.ts';
import type { Expectations, Figures } from '../runs.ts';
import { watch } from '../watch.ts';
import { controlAccounts, expectControlAccounts } from './garbage-accounts.ts';
import type { GarbageKind } from './garbage-kinds.ts';
import type { GarbageTally } from './hostile-session.ts';
import { startAttacker, startSoakNode } from './soak-node.ts';

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

const KINDS: readonly GarbageKind[] = ['noise', 'halves', 'lengths', 'order', 'deaf', 'abandoned', 'datagrams'];

/**
 * Hostile peers of the control plane, one process for each kind, beside players and newcomers with tickets. Nobody's
 * registration may fail, no datagram of a game be lost, nobody's connection end, and the node's memory must return.
 */
export const garbage = defineRun(
  'garbage',
  'seven kinds of hostile QUIC peers for 60 s: all others register, nothing of their games lost, memory returns',
  {
    seconds: 60,
    /** How long the same clients play before, with nobody hostile about. */
    quietSeconds: 10,
    players: 4,
    seed: 1,
  },
  async ({ expect, progress, started }, { seconds, quietSeconds, players: playing, seed }) => {
    const { address: gameServer } = started.use(await openGameServer());
    const issuer = new Issuer();
    const node = await startSoakNode(started, [gameServer], { issuer });
    const ticket = issuer.ticket();
    const plan = { tunnel: { register: { nodes: [node.settings], ticket } }, gameServer, datagramsPerSecond: DATAGRAMS_PER_SECOND };
    const players = await Promise.all(Array.from({ length: playing }, async () => started.use(await startPlayer(plan))));
    const { ip, port } = node.control;
    const newcomers = started.use(comeAndGo({ host: formatIpv4(ip), port, sha256: node.pin, ticket, timeoutMs: NEWCOMER_TIMEOUT_MS }));
    let newcomersInAll = 0;
    /** What all saw since the last time, which must have been well. */
    const mark = async (): Promise<Window> => {
      const window = { games: await Promise.all(players.map((player) => player.mark())), came: newcomers.mark() };
      newcomersInAll += window.came.tookMs.length;
      return window;
    };
    const rss = () => residentBytes([node.pid]);

    await mark();
    await setTimeout(quietSeconds * 1_000);
    const quiet = await mark();
    const before = rss();
    let most = before;
    const startedMs = performance.now();
    const reporting = Promise.all(
      KINDS.map((kind, index) => {
        const peer = { kind, control: node.control, fromIp: PEER_IPS + index, seed: seed + index, seconds };
        return startAttacker(started, `the hostile peer '${kind}'`).sendGarbage(peer);
      }),
    );
    // It may fail before anybody waits for it.
    reporting.catch(() => undefined);
    while (performance.now() - startedMs < seconds * 1_000) {
      await setTimeout(LOOK_MS);
      most = Math.max(most, rss());
    }
    const { connections } = await controlAccounts(node);
    progress(`${connections} connections after ${seconds} s, memory ${mebibytes(most)} at most`);
    const reports = await reporting;
    const busy = await mark();

    let left = most;
    const connected = () => node.metric('control_connections');
    const returned = async () => (left = rss()) <= before * MAX_LEFT && (await connected()) <= playing + 1;
    await watch(returned, RETURN_MS, () => progress(`memory is ${mebibytes(left)}, was ${mebibytes(before)}`));
    const returnedMs = performance.now() - startedMs - seconds * 1_000;
    await newcomers[Symbol.asyncDispose]();
    // The node learns of the last one's goodbye a moment later.
    const alone = async () => (await connected()) <= playing;
    await watch(alone, RETURN_MS, () => progress('the newcomers have not left yet'));
    const after = await mark();
    const accounts = await controlAccounts(node);

    for (const window of [quiet, busy, after]) expectHealthy(expect, window);
    expect.that(busy.came.tookMs.length >= seconds, `only ${busy.came.tookMs.length} newcomers in ${seconds} s`);
    expect.that(most <= before * MAX_GROWTH, `memory was ${mebibytes(before)} before, and ${mebibytes(most)} at most`);
    expect.that(left <= before * MAX_LEFT, `memory was ${mebibytes(before)} before, and is ${mebibytes(left)} afterwards`);
    expect.equal('connections that are left', accounts.connections, playing);
    const kernelDrops = await node.metric('kernel_dropped_packets_total');
    expect.equal('datagrams that the kernel dropped in front of the node', kernelDrops, 0);
    expect.equal('faults in the log of the node', node.lines.filter((line) => line.includes('"level":50')).length, 0);
    expectControlAccounts(expect, accounts, reports, playing + newcomersInAll);
    return {
      ...Object.fromEntries(KINDS.map((kind, index) => [kind, peerLine(reports[index])])),
      ...windowFigures('before', quiet),
      ...windowFigures('during', busy),
      memory: `${mebibytes(before)}, ${mebibytes(most)} at most, ${mebibytes(left)} after ${(returnedMs / 1_000).toFixed(0)} s`,
      refused: `${count(accounts.overPerAddress)} connections, ${count(accounts.refusals)} messages, ${count(accounts.unregistered)} registrations`,
      closed: `${count(accounts.protocol)} for what was refused, ${count(accounts.rateLimited)} for too much, ${count(accounts.notReading)} for not reading`,
    };
  },
);

function peerLine({ attempts, opened, streams, bytes, datagrams }: GarbageTally): string {
  if (datagrams > 0) return `${count(datagrams)} datagrams, ${mebibytes(bytes)}`;
  return `${count(opened)} connections of ${count(attempts)}, ${count(streams)} streams, ${mebibytes(bytes)}`;
}

/** Clients that register, one after the other with a pause between them, and leave at once. */
function comeAndGo(plan: RegistrantPlan) {
  const stop = new AbortController();
  let tookMs: number[] = [];
  let failures: string[] = [];
  const come = async () => {
    while (!stop.signal.aborted) {
      const startedMs = performance.now();
      try {
        const registrant = await Registrant.register(plan);
        tookMs.push(performance.now() - startedMs);
        await registrant.leave();
      } catch (error) {
        failures.push(reasonOf(error));
      }
      await setTimeout(NEWCOMER_PAUSE_MS);
    }
  };
  const ended = come();
  const mark = () => {
    /** Why some were not registered, one line each, and how long the others took. */
    const report = { failures, tookMs };
    [tookMs, failures] = [[], []];
    return report;
  };
  /** Resolves when the last one has left. */
  const leave = () => {
    stop.abort();
    return ended;
  };
  return { mark, [Symbol.asyncDispose]: leave };
}

/** What players and newcomers saw for some time. */
interface Window {
  readonly games: readonly PlayerReport[];
  readonly came: ReturnType<ReturnType<typeof comeAndGo>['mark']>;
}

function expectHealthy(expect: Expectations, { games, came }: Window): void {
  const { lost, strange } = totals(games);
  for (const failure of came.failures) expect.that(false, `a newcomer was not registered: ${failure}`);
  expect.equal('datagrams of players that were not answered', lost, 0);
  expect.equal('answers that were strange', strange, 0);
  for (const event of games.flatMap(({ events }) => events)) expect.that(false, `a player was told: ${event}`);
}

function windowFigures(when: string, { games, came }: Window): Figures {
  const { sent, lost } = totals(games);
  return {
    [`${when}: lost`]: `${count(lost)} of ${count(sent)}`,
    [`${when}: median, p99`]: medianAndP99(games.flatMap(({ game }) => game.roundTripsMs)),
    [`${when}: registered`]: `${count(came.tookMs.length)}, median, p99 ${medianAndP99(came.tookMs)}`,
  };
}
