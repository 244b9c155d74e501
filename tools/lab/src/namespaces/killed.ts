import { Expectations } from '../soak/outcome.ts';
import type { Outcome, Progress } from '../soak/outcome.ts';
import { watchChange } from './changes.ts';
import { strange, totals } from './figures.ts';
import { Scene } from './scene.ts';
import { setTimeout } from 'node:timers/promises';

const PLAYERS = 4;
const DATAGRAMS_PER_SECOND = 100;
const MOST_GAP_MS = 1_000;
/** A node saves its sessions every 2 s. */
const SAVED_MS = 5_000;
const RESTARTED_MS = 5_000;

/** A node is killed while clients play that are registered with a second one, too. */
export async function runFailover(progress: Progress): Promise<Outcome> {
  await using scene = await Scene.open();
  const nodes = await Promise.all([scene.node('first'), scene.node('second')]);
  const agent = scene.agent((await scene.internet.machine()).in);
  const starts = await agent.play({
    players: PLAYERS,
    tunnel: { register: scene.registration(...nodes), keepaliveMs: 250 },
    gameServer: scene.gameServer,
    datagramsPerSecond: DATAGRAMS_PER_SECOND,
  });
  const [{ node: name }] = starts;
  const node = nodes.find(({ address }) => name.startsWith(`${address}:`));
  const [during, after] = await watchChange(agent, async () => node?.program.kill());
  const concerned = during.filter((_report, player) => starts[player].node === name);
  const { sent, lost, longestGapMs } = totals(concerned);
  for (const { game, events } of concerned) progress(`gap ${Math.round(game.longestGapMs)} ms; ${events.join('; ')}`);

  const expectations = new Expectations();
  for (const { game, events } of concerned) {
    expectations.that(
      events.some((event) => event.includes(' moved to ')),
      'a client did not move to the other node',
    );
    expectations.that(game.longestGapMs < MOST_GAP_MS, `a game saw a gap of ${Math.round(game.longestGapMs)} ms`);
  }
  expectations.equal('players who play on', after.filter(({ game }) => game.answered > 0).length, PLAYERS);
  expectations.equal('datagrams lost later', totals(after).lost, 0);
  expectations.equal('answers that were strange', strange([...during, ...after]), 0);
  return {
    name: 'failover',
    faults: expectations.faults,
    figures: {
      'players on the node': `${concerned.length} of ${PLAYERS}`,
      lost: `${lost} of ${sent}`,
      'longest gap ms': Math.round(longestGapMs),
    },
  };
}

/** The only node is killed while clients play, and started again with its state folder. */
export async function runRestart(progress: Progress): Promise<Outcome> {
  await using scene = await Scene.open();
  const node = await scene.node('node');
  const agent = scene.agent((await scene.internet.machine()).in);
  await agent.play({
    players: PLAYERS,
    tunnel: { register: scene.registration(node), keepaliveMs: 250 },
    gameServer: scene.gameServer,
    datagramsPerSecond: DATAGRAMS_PER_SECOND,
  });
  await setTimeout(SAVED_MS);
  const before = await scene.sources();
  let downMs = 0;
  const change = async () => {
    await node.program.kill();
    const killedMs = performance.now();
    await node.startAgain();
    downMs = performance.now() - killedMs;
  };
  const [during, after] = await watchChange(agent, change, RESTARTED_MS);
  const { sent, lost, longestGapMs } = totals(during);
  for (const { game, events } of during) progress(`gap ${Math.round(game.longestGapMs)} ms; ${events.join('; ')}`);

  const expectations = new Expectations();
  for (const { events } of during) {
    const again = events.find((event) => /new-session|ended by the node/.test(event));
    expectations.that(again === undefined, `a session was not resumed: ${again}`);
  }
  expectations.equal('players who play on', after.filter(({ game }) => game.answered > 0).length, PLAYERS);
  expectations.equal('datagrams lost later', totals(after).lost, 0);
  expectations.equal('answers that were strange', strange([...during, ...after]), 0);
  const sources = await scene.sources();
  expectations.equal('addresses that the game server saw', sources.length, before.length);
  return {
    name: 'restart',
    faults: expectations.faults,
    figures: {
      'node down ms': Math.round(downMs),
      lost: `${lost} of ${sent}`,
      'longest gap ms': Math.round(longestGapMs),
    },
  };
}
