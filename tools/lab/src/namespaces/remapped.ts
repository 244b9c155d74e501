import { Expectations } from '../soak/outcome.ts';
import type { Outcome, Progress } from '../soak/outcome.ts';
import { judgeChange, watchChange } from './changes.ts';
import { totals } from './figures.ts';
import { Nat } from './nat.ts';
import { Scene } from './scene.ts';

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
      const watched = await watchChange(agent, () => change(nat));
      progress(`${name}: ${watched[0][0].events.join('; ')}`);
      expectations.that(totals(watched[0]).lost > 0, `${name}: nothing was lost, so nothing has changed`);
      Object.assign(figures, judgeChange(expectations, watched, { label: `${name}: `, maxGapMs: MOST_GAP_MS }));
    }),
  );
  expectations.equal('addresses that the game server saw', (await scene.sources()).length, Object.keys(CHANGES).length);
  return { name: 'remapped', faults: expectations.faults, figures };
}
