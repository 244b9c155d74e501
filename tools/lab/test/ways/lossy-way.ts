import { defineWays } from './stage.ts';

const [LONG, SHORT] = ['8.8.4.4', '8.8.4.5'];
/** From its beginning to the second lost probe, and then 60 s of the series. */
const MOST_SECS = 400;
const ROUND_SECS = 8;

/** A direct way that loses. */
export const lossyWay = defineWays(
  'lossy-way',
  'the direct way loses 5 %, the node 0 %, same latency: by the node after 60 s of evidence, and not before',
  {
    nodes: ['A'],
    servers: [LONG, SHORT],
    ways: [
      ['home', 'servers', 60, 0.05],
      ['home', 'A', 30],
      ['A', 'servers', 30],
    ],
  },
  async ({ stage, went, expect, progress }) => {
    const startMs = performance.now();
    const seconds = () => (performance.now() - startMs) / 1_000;
    let turnedSecs = NaN;
    let asked = 0;
    const long = await stage.match(LONG, async () => {
      while (seconds() < MOST_SECS) {
        await stage.pass(ROUND_SECS);
        asked++;
        const short = await stage.match(SHORT, () => stage.pass(1));
        const decision = short.events.find(({ event }) => event === 'way');
        progress(`after ${seconds().toFixed(0)} s: ${JSON.stringify(decision)}`);
        if (decision?.way !== 'A') continue;
        turnedSecs = seconds();
        went('the match after that', short, 'A', 'less-loss');
        return;
      }
    });
    went('the match that loses', long, 'direct');
    expect.that(turnedSecs >= 60, `by the node after ${turnedSecs.toFixed(0)} s`);
    const lost = (1 - long.answered / long.sent) * 100;
    return { 'by the node after, s': turnedSecs.toFixed(0), 'matches asked for': asked, 'lost by the game, %': lost.toFixed(1) };
  },
);
