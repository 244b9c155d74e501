import { setTimeout } from 'node:timers/promises';
import { startTunnel } from '@lightspeed/client';
import { count, mebibytes, milliseconds } from '../figures.ts';
import { EchoGame } from '../game/echo-game.ts';
import type { EchoReport } from '../game/echo-game.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import { percentile } from '../namespaces/figures.ts';
import { residentBytes } from '../process-usage.ts';
import { EchoServer } from './echo-server.ts';
import { Expectations } from './outcome.ts';
import type { Outcome, Progress } from './outcome.ts';
import { Registrants } from '../load/registrants.ts';
import { startSoakNode } from './soak-node.ts';
import { watch } from './watch.ts';

/** How many clients come and go, and how often. */
export interface RegistrationsOptions {
  readonly clients: number;
  /** How often all of them come and go: what leaks grows with each. */
  readonly rounds: number;
}

/** The options of the soak. */
export const LONG_REGISTRATIONS: RegistrationsOptions = { clients: 1_000, rounds: 2 };

const MAX_SECONDS = 60;
/** Of what the node needs before anybody has come. */
const MAX_GROWTH = 1.15;
const PLAY_BEFORE_MS = 3_000;
/** The node gives memory back ten seconds after a surge, and the QUIC library does when it was not needed for ten more. */
const RETURN_MS = 40_000;
const DATAGRAMS_PER_SECOND = 100;
const ESTABLISH_MS = 10_000;
/** The node's figures are some hundred milliseconds old. */
const ALL_THERE_MS = 5_000;
/** Whoever says goodbye is gone at once, not when the grace is over. */
const GONE_MS = 10_000;

/**
 * Many clients register at the same moment, while a game goes on through the node, and leave. Memory is the resident size of
 * the node's process as it is, with no garbage collection but the node's own.
 */
export async function runRegistrations({ clients, rounds }: RegistrationsOptions, progress: Progress): Promise<Outcome> {
  await using started = new AsyncDisposableStack();
  const { address: gameServer } = started.use(await EchoServer.open());
  const node = await startSoakNode(started, [gameServer], { admit: 'whoever registers' });
  const tunnel = await startTunnel({
    register: { nodes: [node.settings] },
    ingresses: [{ listen: { ip: LOOPBACK, port: 0 }, gameServer }],
  });
  started.use(tunnel);
  await tunnel.established(ESTABLISH_MS);
  const game = await EchoGame.start(tunnel.ingresses[0].listen, DATAGRAMS_PER_SECOND);
  started.defer(() => game.close());

  const expectations = new Expectations();
  const holds = (registrations: number, withinMs: number) => {
    const counted = async () => (await node.metric('lightspeed_registrations')) === registrations;
    return watch(counted, withinMs, () => progress(`not ${count(registrations)} registrations yet`));
  };
  const rss = () => residentBytes([node.pid]);
  /** All come, stay until they were counted, and leave. */
  const round = async () => {
    await using registrants = new Registrants();
    const { tookMs, failures } = await registrants.register({ control: node.control, pin: node.pinText, clients });
    expectations.equal('clients that are registered', tookMs.length, clients);
    for (const failure of failures) expectations.that(false, failure);
    const seconds = (tookMs.at(-1) ?? 0) / 1_000;
    expectations.that(seconds <= MAX_SECONDS, `the last client was registered after ${seconds.toFixed(1)} s`);
    // The player is one more.
    expectations.that(await holds(tookMs.length + 1, ALL_THERE_MS), 'the node does not count all of its registrations');
    const duringBytes = rss();
    await registrants.leave();
    expectations.that(await holds(1, GONE_MS), 'registrations are left over when all have left');
    return { tookMs, duringBytes };
  };

  await setTimeout(PLAY_BEFORE_MS);
  const quiet = await game.mark();
  const before = rss();
  const tooMuch = before * MAX_GROWTH;
  const median: string[] = [];
  const last: string[] = [];
  const during: string[] = [];
  const after: string[] = [];
  const games = [];
  for (let number = 1; number <= rounds; number++) {
    progress(`${count(clients)} clients register`);
    const { tookMs, duringBytes } = await round();
    games.push(await game.mark());
    const wentMs = performance.now();
    let now = duringBytes;
    const returned = () => (now = rss()) <= tooMuch;
    await watch(returned, RETURN_MS, () => progress(`memory is ${mebibytes(now)}, was ${mebibytes(before)}`));
    expectations.that(now <= tooMuch, `memory was ${mebibytes(before)} before, and is ${mebibytes(now)} after round ${number}`);
    median.push(milliseconds(percentile(tookMs, 0.5)));
    last.push(milliseconds(tookMs.at(-1) ?? -1));
    during.push(mebibytes(duringBytes));
    after.push(`${mebibytes(now)} (${((performance.now() - wentMs) / 1_000).toFixed(0)} s after)`);
    games.push(await game.mark());
  }
  const sent = games.reduce((sum, report) => sum + report.sent, 0);
  const answered = games.reduce((sum, report) => sum + report.answered, 0);
  expectations.equal('datagrams of the game that were answered', answered, sent);
  const trips = ({ roundTripsMs }: EchoReport) =>
    `${milliseconds(percentile(roundTripsMs, 0.5))}, ${milliseconds(percentile(roundTripsMs, 0.99))}`;
  return {
    name: 'registrations',
    faults: expectations.faults,
    figures: {
      clients: `${count(clients)}, ${rounds} times`,
      'median registered': median.join('; '),
      'last registered': last.join('; '),
      'game: lost': `${sent - answered} of ${sent}`,
      'game: median, p99 before': trips(quiet),
      'game: median, p99 during': games
        .filter((_report, index) => index % 2 === 0)
        .map(trips)
        .join('; '),
      'game: median, p99 after': games
        .filter((_report, index) => index % 2 === 1)
        .map(trips)
        .join('; '),
      'memory before': mebibytes(before),
      'memory with all': during.join('; '),
      'memory after': after.join('; '),
    },
  };
}
