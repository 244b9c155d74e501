import { setTimeout } from 'node:timers/promises';
import { Expectations } from '../soak/outcome.ts';
import type { Outcome, Progress } from '../soak/outcome.ts';
import type { Agent } from './agent.ts';
import type { PlayerReport } from './agent-messages.ts';
import { strange, totals } from './figures.ts';
import { Nat } from './nat.ts';
import { Scene } from './scene.ts';

const BEFORE_MS = 2_000;
const DURING_MS = 3_000;
const AFTER_MS = 2_000;
const DATAGRAMS_PER_SECOND = 100;
const MOST_GAP_MS = 1_000;

const CHANGES: Readonly<Record<string, (nat: Nat) => Promise<unknown>>> = {
  'other ports': async (nat) => {
    await nat.masquerade('30000-30999');
    await nat.forget();
  },
  'other address': (nat) => nat.move(),
};

/**
 * Clients whose NAT sends from other ports, or from another address, from one moment to the next, and does not tell them.
 * They have to notice, and to prove to the node that the session is theirs.
 */
export async function runRemapped(progress: Progress): Promise<Outcome> {
  await using scene = await Scene.open();
  const node = await scene.node('node');
  const expectations = new Expectations();
  const figures: Record<string, string | number> = {};
  const plan = {
    players: 1,
    tunnel: { register: scene.registration(node), keepaliveMs: 250 },
    gameServer: scene.gameServer,
    datagramsPerSecond: DATAGRAMS_PER_SECOND,
  };
  await Promise.all(
    Object.entries(CHANGES).map(async ([name, change]) => {
      const nat = await Nat.open(scene.network, scene.internet, '20000-20999');
      const agent = scene.agent(await nat.machine());
      await agent.play(plan);
      const [during, after] = await watchChange(agent, () => change(nat));
      const { sent, lost, longestGapMs } = totals(during);
      progress(`${name}: ${lost} of ${sent} lost, gap ${Math.round(longestGapMs)} ms; ${during[0].events.join('; ')}`);
      expectations.that(lost > 0, `${name}: nothing was lost, so nothing has changed`);
      expectations.that(longestGapMs < MOST_GAP_MS, `${name}: the game saw a gap of ${Math.round(longestGapMs)} ms`);
      expectations.that(after[0].game.sent > 0, `${name}: the client does not play any more`);
      expectations.equal(`${name}: datagrams lost later`, totals(after).lost, 0);
      expectations.equal(`${name}: answers that were strange`, strange([...during, ...after]), 0);
      figures[`${name}: lost`] = `${lost} of ${sent}`;
      figures[`${name}: longest gap ms`] = Math.round(longestGapMs);
    }),
  );
  expectations.equal('addresses that the game server saw', (await scene.sources()).length, Object.keys(CHANGES).length);
  return { name: 'remapped', faults: expectations.faults, figures };
}

/** Plays, has something change, and plays on. @returns the reports around the change, and of the time when all is well */
export async function watchChange(
  agent: Agent,
  change: () => Promise<unknown>,
  duringMs = DURING_MS,
): Promise<readonly [readonly PlayerReport[], readonly PlayerReport[]]> {
  await setTimeout(BEFORE_MS);
  await agent.mark();
  await change();
  await setTimeout(duringMs);
  const during = await agent.mark();
  await setTimeout(AFTER_MS);
  return [during, await agent.finish()];
}
