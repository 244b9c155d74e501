import { setTimeout } from 'node:timers/promises';
import { count, mebibytes, medianAndP99, milliseconds, percentile, sumOf } from '../figures.ts';
import { openGameServer } from '../game/game-server.ts';
import { startPlayer } from '../game/player.ts';
import { startRegistrants } from '../load/processes.ts';
import { residentBytes } from '../process-usage.ts';
import { defineRun } from '../runs.ts';
import { watch } from '../watch.ts';
import { startSoakNode } from './soak-node.ts';

const MAX_SECONDS = 60;
/** Of what the node needs before anybody has come. */
const MAX_GROWTH = 1.15;
const PLAY_BEFORE_MS = 3_000;
/** The node gives memory back ten seconds after a surge, and the QUIC library does when it was not needed for ten more. */
const RETURN_MS = 40_000;
const DATAGRAMS_PER_SECOND = 100;
/** The node's figures are some hundred milliseconds old. */
const ALL_THERE_MS = 5_000;
/** Whoever says goodbye is gone at once, not when the grace is over. */
const GONE_MS = 10_000;

/**
 * Many clients register at the same moment, while a game goes on through the node, and leave. Memory is the resident size of
 * the node's process as it is, with no garbage collection but the node's own.
 */
export const registrations = defineRun(
  'registrations',
  '1,000 clients register at once: all within 60 s, while a game goes on; memory within 15 % of before afterwards',
  {
    clients: 1_000,
    /** How often all of them come and go: what leaks grows with each. */
    rounds: 2,
  },
  async ({ expect, progress, started }, { clients, rounds }) => {
    const { address: gameServer } = started.use(await openGameServer());
    const node = await startSoakNode(started, [gameServer], { admit: 'whoever registers' });
    const tunnel = { register: { nodes: [node.settings] } };
    const player = started.use(await startPlayer({ tunnel, gameServer, datagramsPerSecond: DATAGRAMS_PER_SECOND }));
    const holds = (registrations: number, withinMs: number) => {
      const counted = async () => (await node.metric('registrations')) === registrations;
      return watch(counted, withinMs, () => progress(`not ${count(registrations)} registrations yet`));
    };
    const rss = () => residentBytes([node.pid]);

    await setTimeout(PLAY_BEFORE_MS);
    const { game: quiet } = await player.mark();
    const before = rss();
    /** All come, stay until they were counted, and leave; then the memory has to come back. */
    const round = async () => {
      progress(`${count(clients)} clients register`);
      await using registrants = startRegistrants();
      const { tookMs, failures } = await registrants.register({ control: node.control, pin: node.pinText, clients });
      expect.equal('clients that are registered', tookMs.length, clients);
      for (const failure of failures) expect.that(false, failure);
      const seconds = (tookMs.at(-1) ?? 0) / 1_000;
      expect.that(seconds <= MAX_SECONDS, `the last client was registered after ${seconds.toFixed(1)} s`);
      // The player is one more.
      expect.that(await holds(tookMs.length + 1, ALL_THERE_MS), 'the node does not count all of its registrations');
      const duringBytes = rss();
      await registrants.leave();
      expect.that(await holds(1, GONE_MS), 'registrations are left over when all have left');
      const { game: during } = await player.mark();
      const wentMs = performance.now();
      let bytes = duringBytes;
      const returned = () => (bytes = rss()) <= before * MAX_GROWTH;
      await watch(returned, RETURN_MS, () => progress(`memory is ${mebibytes(bytes)}, was ${mebibytes(before)}`));
      expect.that(bytes <= before * MAX_GROWTH, `memory was ${mebibytes(before)} before, and is ${mebibytes(bytes)} afterwards`);
      const returnedMs = performance.now() - wentMs;
      return { tookMs, duringBytes, bytes, returnedMs, during, after: (await player.mark()).game };
    };
    const all: Awaited<ReturnType<typeof round>>[] = [];
    for (let number = 1; number <= rounds; number++) all.push(await round());

    const games = all.flatMap(({ during, after }) => [during, after]);
    const sent = sumOf(games, (game) => game.sent);
    const answered = sumOf(games, (game) => game.answered);
    expect.equal('datagrams of the game that were answered', answered, sent);
    const each = (figure: (of: (typeof all)[number]) => string) => all.map(figure).join('; ');
    return {
      clients: `${count(clients)}, ${rounds} times`,
      'median registered': each(({ tookMs }) => milliseconds(percentile(tookMs, 0.5))),
      'last registered': each(({ tookMs }) => milliseconds(tookMs.at(-1) ?? -1)),
      'game: lost': `${sent - answered} of ${sent}`,
      'game: median, p99 before': medianAndP99(quiet.roundTripsMs),
      'game: median, p99 during': each(({ during }) => medianAndP99(during.roundTripsMs)),
      'game: median, p99 after': each(({ after }) => medianAndP99(after.roundTripsMs)),
      'memory before': mebibytes(before),
      'memory with all': each(({ duringBytes }) => mebibytes(duringBytes)),
      'memory after': each(({ bytes, returnedMs }) => `${mebibytes(bytes)} (${(returnedMs / 1_000).toFixed(0)} s after)`),
    };
  },
);
