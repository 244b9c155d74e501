import { setTimeout } from 'node:timers/promises';
import { Expectations } from '../soak/outcome.ts';
import type { Outcome, Progress } from '../soak/outcome.ts';
import { strange, totals } from './figures.ts';
import { Nat } from './nat.ts';
import { Scene } from './scene.ts';

const PLAY_MS = 3_000;
const DATAGRAMS_PER_SECOND = 100;

/** Two machines behind one masquerading router: the node sees one address, and has to tell them apart. */
export async function runOneNat(progress: Progress): Promise<Outcome> {
  await using scene = await Scene.open();
  const node = await scene.node('node');
  const nat = await Nat.open(scene.network, scene.internet, '20000-20999');
  const agents = [scene.agent(await nat.machine()), scene.agent(await nat.machine())];
  const plan = {
    players: 1,
    tunnel: { register: scene.registration(node) },
    gameServer: scene.gameServer,
    datagramsPerSecond: DATAGRAMS_PER_SECOND,
  };
  const starts = await Promise.all(agents.map((agent) => agent.play(plan)));
  progress(
    `both play, seen at ${starts
      .flat()
      .map(({ seenAt }) => seenAt)
      .join(' and ')}`,
  );
  await setTimeout(PLAY_MS);
  const reports = (await Promise.all(agents.map((agent) => agent.finish()))).flat();

  const expectations = new Expectations();
  for (const { seenAt } of starts.flat()) {
    expectations.that(seenAt.startsWith(`${nat.outside.address}:`), `a client was seen at ${seenAt}, not behind the NAT`);
  }
  for (const [index, { game }] of reports.entries()) {
    expectations.that(game.sent > 0, `client ${index} did not play`);
    expectations.equal(`datagrams of client ${index} that were answered`, game.answered, game.sent);
  }
  expectations.equal('answers that were strange', strange(reports), 0);
  expectations.equal('addresses that the game server saw', (await scene.sources()).length, reports.length);
  const { sent, lost, longestGapMs } = totals(reports);
  return { name: 'one-nat', faults: expectations.faults, figures: { sent, lost, 'longest gap ms': Math.round(longestGapMs) } };
}
