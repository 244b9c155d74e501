import { setTimeout } from 'node:timers/promises';
import { totals } from '../../src/game/player.ts';
import type { Figures } from '../../src/runs.ts';
import { expectSources } from './changes.ts';
import { openNat } from './internet.ts';
import { defineScenario } from './scene.ts';
import type { Agent, SceneMeans } from './scene.ts';

const PLAY_MS = 3_000;

/** Players on several machines play for a while and lose nothing; the game server tells them apart. */
export async function playTogether(means: SceneMeans, agents: readonly Agent[]): Promise<Figures> {
  await setTimeout(PLAY_MS);
  const reports = (await Promise.all(agents.map((agent) => agent.finish()))).flat();
  const { sent, lost, strange, longestGapMs } = totals(reports);
  means.expect.equal('clients that played', reports.filter(({ game }) => game.sent > 0).length, agents.length);
  means.expect.equal('datagrams lost', lost, 0);
  means.expect.equal('answers that were strange', strange, 0);
  await expectSources(means, agents.length);
  return { lost: `${lost} of ${sent}`, 'longest gap ms': Math.round(longestGapMs) };
}

/** Two machines behind one masquerading router: the node sees one address, and has to tell them apart. */
export const oneNat = defineScenario('one-nat', 'two clients behind one NAT both play', async (means) => {
  const { scene } = means;
  const register = scene.registration(await scene.node('node'));
  const nat = await openNat(scene.internet);
  const agents = await Promise.all([1, 2].map(async () => scene.agent(await nat.machine())));
  for (const [{ seenAt }] of await Promise.all(agents.map((agent) => scene.play(agent, { register })))) {
    means.progress(`a client plays, seen at ${seenAt}`);
    means.expect.that(seenAt.startsWith(`${nat.address}:`), `a client was seen at ${seenAt}, not behind the NAT`);
  }
  return playTogether(means, agents);
});
