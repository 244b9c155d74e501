import { carryOutRuns, defineRun } from '../../src/runs.ts';
import type { Figures, Run } from '../../src/runs.ts';
import { whyNoNamespaces } from '../namespaces/internet.ts';
import { floods } from './support/floods.ts';
import type { Flood } from './support/floods.ts';
import { amplification, openStage, playThrough } from './support/stage.ts';

/** Where an attack begins; it goes down until players lose little enough. */
const RATES = [30_000, 20_000, 10_000, 5_000];
const SECONDS = 3;
const PLAYERS = 2;
const MAX_LOSS = 0.01;
const MAX_AMPLIFICATION = 3;
const FIRST = { perSecond: 3_000, count: 3 * 255 };
/** Sessions of which a tagged packet has come. */
const TAGGED = 'tagged_sessions_total';
const SETTLE_MS = 1_000;
const MAX_TAGS_MS = 1_000;

/** Two players play while the address of one of them, or a victim's, is forged. */
function runOf({ name, about, guesses = false, bursts }: Flood): Run<object> {
  return defineRun(name, about, {}, async ({ expect, progress, started }): Promise<Figures> => {
    const stage = await openStage(started);
    const [player] = await stage.play(PLAYERS);
    const forged = await bursts(stage, player);
    // Sessions get tags within a second of the first of it. What counts is the time from then on.
    const [{ beganMs }, taggedMs] = await Promise.all([stage.attack(forged, FIRST), guesses ? stage.until(TAGGED, 1) : undefined]);
    const tagsMs = taggedMs && taggedMs - beganMs;
    await stage.settle(SETTLE_MS);
    const lines: Record<string, string> = {};
    let held = 0;
    for (const perSecond of RATES) {
      let reached = 0;
      const { sent, lost, events } = await playThrough(stage, async () => {
        reached = (await stage.attack(forged, { perSecond, count: perSecond * SECONDS })).perSecond;
      });
      const share = lost / sent;
      lines[`at ${perSecond} a second`] =
        `${Math.round(reached)} reached; players lost ${lost} of ${sent}; ${events.join(', ') || 'no events'}`;
      progress(`${perSecond} a second: lost ${(share * 100).toFixed(2)} %`);
      if (share > MAX_LOSS) continue;
      held = Math.min(perSecond, Math.round(reached));
      break;
    }
    const ended = await stage.metric('sessions_ended_total{how="closed"}');
    const egressPorts = (await stage.scene.sources()).length;
    const victim = await amplification(stage, stage.victim);
    expect.that(held > 0, `players lost over ${MAX_LOSS * 100} % at every rate`);
    expect.that((tagsMs ?? 0) <= MAX_TAGS_MS, `the session had tags only after ${tagsMs} ms, not within ${MAX_TAGS_MS} ms`);
    expect.equal('sessions that were lost', ended, 0);
    expect.equal('egress ports', egressPorts, PLAYERS);
    expect.that(victim <= MAX_AMPLIFICATION, `a victim got ${victim.toFixed(2)} times what was sent in its name`);
    const changes = egressPorts - PLAYERS;
    return {
      'tags after ms': tagsMs ?? 'none: no token is guessed',
      'holds at a second': held,
      'sessions lost': ended,
      'port changes': changes,
      amplification: victim.toFixed(2),
      ...lines,
    };
  });
}

process.exitCode = await carryOutRuns({
  program: 'pnpm attacks',
  about: 'Floods a node with 30,000 forged datagrams a second in network namespaces, as root, while players play.',
  example: 'tokens true-proofs',
  whyNot: whyNoNamespaces,
  runs: floods.map(runOf),
});
