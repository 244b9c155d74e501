import { setTimeout } from 'node:timers/promises';
import { percentile } from '../../src/figures.ts';
import { totals } from '../../src/game/player.ts';
import { defineRun } from '../../src/runs.ts';
import { expectSources, judgeChange, watchChange } from './changes.ts';
import { defineScenario, openScene } from './scene.ts';
import type { Agent } from './scene.ts';

const PLAYERS = 4;
const MOST_GAP_MS = 1_000;
/** A node saves its sessions every 2 s. */
const SAVED_MS = 5_000;
const RESTARTED_MS = 5_000;

/** A node is killed while clients play that are registered with a second one, too. */
export const failover = defineScenario('failover', 'a node is killed, there is a second one: a gap of less than 1 s', async (means) => {
  const { scene } = means;
  const nodes = await Promise.all([scene.node('first'), scene.node('second')]);
  const agent = await scene.agent((await scene.internet.machine()).in);
  const starts = await scene.play(agent, { register: scene.registration(...nodes) }, { players: PLAYERS });
  const [{ node: name }] = starts;
  const node = nodes.find(({ address }) => name.startsWith(`${address}:`));
  const [during, after] = await watchChange(agent, async () => node?.program.kill());
  const concerned = during.filter((_report, player) => starts[player].node === name);
  for (const { events } of concerned) {
    const moved = events.some((event) => event.includes(' moved to '));
    means.expect.that(moved, 'a client did not move to the other node');
  }
  means.expect.equal('answers that were strange in all games', totals(during).strange, 0);
  const figures = judgeChange(means, [concerned, after], { maxGapMs: MOST_GAP_MS });
  return { 'players on the node': `${concerned.length} of ${PLAYERS}`, ...figures };
});

/** The only node is killed while clients play, and started again with its state folder. */
export const restart = defineScenario('restart', 'the only node is killed and started again: the sessions go on', async (means) => {
  const { scene } = means;
  const node = await scene.node('node');
  const agent = await scene.agent((await scene.internet.machine()).in);
  await scene.play(agent, { register: scene.registration(node) }, { players: PLAYERS });
  await setTimeout(SAVED_MS);
  const before = await scene.sources();
  let downMs = 0;
  const change = async () => {
    await node.program.kill();
    const killedMs = performance.now();
    node.program = await node.program.again();
    downMs = performance.now() - killedMs;
  };
  const watched = await watchChange(agent, change, RESTARTED_MS);
  for (const { events } of watched[0]) {
    const again = events.find((event) => /new-session|ended by the node/.test(event));
    means.expect.that(again === undefined, `a session was not resumed: ${again}`);
  }
  await expectSources(means, before.length);
  return { 'node down ms': Math.round(downMs), ...judgeChange(means, watched, {}) };
});

const REGISTER_MS = 40_000;
const LOOK_MS = 500;
const PLAY_MS = 3_000;
const LATE_MS = 10_000;
const AGENTS = 2;
/** A game that sends less often than that is not busy. */
const MOST_PAUSE_SECONDS = 1;

/** A node announces that it will stop: busy clients have to go to another one, and not to lose anything. */
export const drain = defineRun(
  'drain',
  '100 busy clients leave a node that drains, and lose nothing',
  { players: 100, datagramsPerSecond: 10, drainSecs: 30 },
  async ({ expect, progress, started }, { players, datagramsPerSecond, drainSecs }) => {
    const scene = await openScene(started);
    const [node, other] = await Promise.all([scene.node('first', { drainSecs }), scene.node('second')]);
    const tunnel = { register: scene.registration(node, other), keepaliveMs: 1_000 };
    // So that all choose the first one.
    await other.program.kill();
    const agents = await Promise.all(Array.from({ length: AGENTS }, async () => scene.agent((await scene.internet.machine()).in)));
    await Promise.all(agents.map((agent) => scene.play(agent, tunnel, { players: players / AGENTS, datagramsPerSecond })));
    progress(`${players} clients play`);
    other.program = await other.program.again();
    const ready = await registered(agents, players);
    progress(`${ready} of them are registered with the second node`);
    await setTimeout(PLAY_MS);
    const steady = totals(await markAll(agents));
    progress(`${steady.sent} datagrams in ${PLAY_MS / 1_000} s before, longest gap ${Math.round(steady.longestGapMs)} ms`);
    const startedMs = performance.now();
    const ended = await node.program.endedBy('SIGTERM', drainSecs * 1_000 + LATE_MS);
    const drainedMs = Math.round(performance.now() - startedMs);
    await setTimeout(PLAY_MS);
    const reports = (await Promise.all(agents.map((agent) => agent.finish()))).flat();

    const moved = reports.filter(({ events }) => events.some((event) => event.includes(' moved to ') && event.includes('draining'))).length;
    const { sent, lost, strange, longestGapMs } = totals(reports);
    const pauses = reports.map(({ game }) => game.longestPauseDatagrams);
    const held = pauses.filter((pause) => pause > datagramsPerSecond * MOST_PAUSE_SECONDS).length;
    expect.that(ended, `the node had not ended after ${drainedMs} ms; its last words:\n${node.program.lines.slice(-5).join('\n')}`);
    expect.equal('clients that were ready for the other node', ready, players);
    expect.equal('clients that moved', moved, players);
    expect.equal('datagrams lost after the announcement', lost, 0);
    expect.equal('clients that did not go on sending', held, 0);
    expect.equal('answers that were strange', strange, 0);
    return {
      'clients moved': `${moved} of ${players}`,
      'lost after announcement': `${lost} of ${sent}`,
      'longest gap ms': Math.round(longestGapMs),
      'longest pause, datagrams': `median ${percentile(pauses, 0.5)}, worst ${Math.max(...pauses)}`,
      'node ended after ms': drainedMs,
    };
  },
);

/** Waits until all have registered with the node that has come. @returns how many have, in the end */
async function registered(agents: readonly Agent[], players: number): Promise<number> {
  const startedMs = performance.now();
  let ready = 0;
  while (ready < players && performance.now() - startedMs < REGISTER_MS) {
    await setTimeout(LOOK_MS);
    const reports = await markAll(agents);
    ready += reports.filter(({ events }) => events.some((event) => event.endsWith('registered with the node'))).length;
  }
  return ready;
}

async function markAll(agents: readonly Agent[]) {
  return (await Promise.all(agents.map((agent) => agent.mark()))).flat();
}
