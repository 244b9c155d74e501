import { setTimeout } from 'node:timers/promises';
import { totals } from '../../src/game/player.ts';
import type { PlayerReport } from '../../src/game/player.ts';
import type { Figures, Means } from '../../src/runs.ts';
import { openNat } from './internet.ts';
import type { Nat } from './internet.ts';
import { defineScenario } from './scene.ts';
import type { Agent, SceneMeans } from './scene.ts';

const BEFORE_MS = 2_000;
const DURING_MS = 3_000;
const AFTER_MS = 2_000;
/** What a busy machine may cost. */
const MAX_GAP_MS = 500;
/** When a node or a path is lost, or an address changes, and the client has to notice. */
const MAX_NOTICED_GAP_MS = 1_000;
/** Two or three may have left by an interface while it went. */
const MAX_LOST = 3;

/** The reports around a change, and of the time when all is well. */
export type WatchedChange = readonly [during: readonly PlayerReport[], after: readonly PlayerReport[]];

/** What a change may cost. */
export interface Limits {
  readonly maxLost?: number;
  readonly maxGapMs?: number;
}

/** Plays, has something change, and plays on. */
export async function watchChange(agent: Agent, change: () => Promise<unknown>, duringMs = DURING_MS): Promise<WatchedChange> {
  await setTimeout(BEFORE_MS);
  await agent.calm();
  await agent.mark();
  await change();
  await setTimeout(duringMs);
  const during = await agent.mark();
  await setTimeout(AFTER_MS);
  return [during, await agent.finish()];
}

/** A change cost each player so much at most, and nothing later. @returns figures, each of which begins with `label` */
export function judgeChange(
  { expect, progress }: Means,
  [during, after]: WatchedChange,
  { maxLost = Infinity, maxGapMs = Infinity }: Limits,
  label = '',
): Figures {
  for (const { game, events } of during) {
    const numbers = game.missing.join(', ');
    progress(`${label}gap ${Math.round(game.longestGapMs)} ms; lost: number ${numbers}; ${events.join('; ')}`);
  }
  const { sent, lost, longestGapMs, strange } = totals(during);
  const later = totals(after);
  expect.that(sent > 0, `${label}nobody played`);
  expect.equal(`${label}players who play on`, after.filter(({ game }) => game.answered > 0).length, after.length);
  expect.that(lost <= maxLost, `${label}${lost} datagrams were lost`);
  expect.that(longestGapMs < maxGapMs, `${label}a game saw a gap of ${Math.round(longestGapMs)} ms`);
  expect.equal(`${label}datagrams lost later`, later.lost, 0);
  expect.equal(`${label}answers that were strange`, strange + later.strange, 0);
  return { [`${label}lost`]: `${lost} of ${sent}`, [`${label}longest gap ms`]: Math.round(longestGapMs) };
}

/** The game server must have seen so many addresses in all. */
export async function expectSources({ expect, scene }: SceneMeans, addresses: number): Promise<void> {
  expect.equal('addresses that the game server saw', (await scene.sources()).length, addresses);
}

/** A client loses a path in the middle of a game. It has to say so, and to keep its address at the game server. */
export async function losePath(means: SceneMeans, agent: Agent, lose: () => Promise<void>, limits: Limits): Promise<Figures> {
  const watched = await watchChange(agent, lose);
  const noticed = watched[0][0].events.some((event) => event.endsWith('path 0 down'));
  means.expect.that(noticed, 'the client did not notice that a path is gone');
  await expectSources(means, 1);
  return judgeChange(means, watched, limits);
}

const NAT_CHANGES: Readonly<Record<string, (nat: Nat) => Promise<unknown>>> = {
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
export const remapped = defineScenario(
  'remapped',
  'a NAT sends from other ports, or from another address: the game goes on',
  async (means): Promise<Figures> => {
    const { scene } = means;
    const node = await scene.node('node');
    const figures = await Promise.all(
      Object.entries(NAT_CHANGES).map(async ([name, change]) => {
        const nat = await openNat(scene.internet);
        const agent = await scene.agent(await nat.machine());
        await scene.play(agent, { register: scene.registration(node) });
        const watched = await watchChange(agent, () => change(nat));
        means.expect.that(totals(watched[0]).lost > 0, `${name}: nothing was lost, so nothing has changed`);
        return judgeChange(means, watched, { maxGapMs: MAX_NOTICED_GAP_MS }, `${name}: `);
      }),
    );
    await expectSources(means, figures.length);
    return Object.assign({}, ...figures) as Figures;
  },
);

/** A client with two interfaces and a path by each loses the one by which its control connection goes, too. */
export const twoInterfaces = defineScenario('two-interfaces', 'a client with a path by each of two interfaces loses one', async (means) => {
  const { scene } = means;
  const register = scene.registration(await scene.node('node'));
  const machine = await scene.internet.namespace();
  const { address: source } = await scene.internet.attach(machine, 'eth0');
  const { address: second } = await scene.internet.attach(machine, 'eth1');
  const agent = await scene.agent(machine);
  await scene.play(agent, { register, source, paths: [second], multipath: 'duplicate' });
  return losePath(means, agent, () => machine.ip('link set eth0 down'), { maxLost: MAX_LOST, maxGapMs: MAX_GAP_MS });
});
