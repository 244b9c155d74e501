import { setTimeout } from 'node:timers/promises';
import { Expectations } from '../soak/outcome.ts';
import type { Outcome, Progress } from '../soak/outcome.ts';
import type { Agent } from './agent.ts';
import { percentile, strange, totals } from './figures.ts';
import { Scene } from './scene.ts';

/** How many play while a node drains, and for how long. */
export interface DrainOptions {
  readonly players: number;
  readonly datagramsPerSecond: number;
  readonly drainSecs: number;
}

/** The options of the soak. */
export const LONG_DRAIN: DrainOptions = { players: 100, datagramsPerSecond: 10, drainSecs: 30 };

const REGISTER_MS = 40_000;
const LOOK_MS = 500;
const PLAY_MS = 3_000;
const LATE_MS = 10_000;
const AGENTS = 2;
/** A game that sends less often than that is not busy. */
const MOST_PAUSE_SECONDS = 1;

/** A node announces that it will stop: busy clients have to go to another one, and not to lose anything. */
export async function runDrain(options: DrainOptions, progress: Progress): Promise<Outcome> {
  const { players, datagramsPerSecond, drainSecs } = options;
  await using scene = await Scene.open();
  const [node, other] = await Promise.all([scene.node('first', { drainSecs }), scene.node('second')]);
  const register = scene.registration(node, other);
  // So that all choose the first one.
  await other.program.kill();
  const machines = await Promise.all(Array.from({ length: AGENTS }, () => scene.internet.machine()));
  const agents = machines.map((machine) => scene.agent(machine.in));
  await Promise.all(
    agents.map((agent) =>
      agent.play({
        players: players / AGENTS,
        tunnel: { register, keepaliveMs: 1_000 },
        gameServer: scene.gameServer,
        datagramsPerSecond,
      }),
    ),
  );
  progress(`${players} clients play`);
  await other.startAgain();
  const ready = await registered(agents, players);
  progress(`${ready} of them are registered with the second node`);
  await setTimeout(PLAY_MS);
  const steady = totals((await Promise.all(agents.map((agent) => agent.mark()))).flat());
  progress(`${steady.sent} datagrams in ${PLAY_MS / 1_000} s before, longest gap ${Math.round(steady.longestGapMs)} ms`);
  const startedMs = performance.now();
  const ended = await node.program.drain(drainSecs * 1_000 + LATE_MS);
  const drainedMs = performance.now() - startedMs;
  await setTimeout(PLAY_MS);
  const reports = (await Promise.all(agents.map((agent) => agent.finish()))).flat();

  const expectations = new Expectations();
  const moved = reports.filter(({ events }) => events.some((event) => event.includes(' moved to ') && event.includes('draining'))).length;
  const { sent, lost, longestGapMs } = totals(reports);
  const pauses = reports.map(({ game }) => game.longestPauseDatagrams).toSorted((a, b) => a - b);
  const lastWords = node.program.lines.slice(-5).join('\n');
  expectations.that(ended, `the node had not ended after ${Math.round(drainedMs)} ms; its last words:\n${lastWords}`);
  expectations.equal('clients that were ready for the other node', ready, players);
  expectations.equal('clients that moved', moved, players);
  expectations.equal('datagrams lost after the announcement', lost, 0);
  const held = pauses.filter((pause) => pause > datagramsPerSecond * MOST_PAUSE_SECONDS).length;
  expectations.equal('clients that did not go on sending', held, 0);
  expectations.equal('answers that were strange', strange(reports), 0);
  return {
    name: 'drain',
    faults: expectations.faults,
    figures: {
      'clients moved': `${moved} of ${players}`,
      'lost after announcement': `${lost} of ${sent}`,
      'longest gap ms': Math.round(longestGapMs),
      'longest pause, datagrams': `median ${percentile(pauses, 0.5)}, worst ${pauses.at(-1)}`,
      'node ended after ms': Math.round(drainedMs),
    },
  };
}

/** Waits until all have registered with the node that has come. @returns how many have, in the end */
async function registered(agents: readonly Agent[], players: number): Promise<number> {
  const startedMs = performance.now();
  let ready = 0;
  while (ready < players && performance.now() - startedMs < REGISTER_MS) {
    await setTimeout(LOOK_MS);
    const reports = (await Promise.all(agents.map((agent) => agent.mark()))).flat();
    ready += reports.filter(({ events }) => events.some((event) => event.endsWith('registered with the node'))).length;
  }
  return ready;
}
