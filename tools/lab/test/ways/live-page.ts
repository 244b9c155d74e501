import { defineWays } from './stage.ts';
import type { PageState } from './stage.ts';

const SERVER = '8.8.4.9';
/** Loss of the direct way, each way. */
const LOSS = 0.05;
/** Two bad windows of ten seconds are harm. */
const HARM_SECS = 60;

/** What the live page says of matches that are really played. */
export const livePage = defineWays(
  'live-page',
  'the page of a player: two nodes, a lossy direct way, and a node that becomes worse',
  {
    nodes: ['A', 'B'],
    servers: [SERVER],
    hasPage: true,
    ways: [
      ['home', 'servers', 60, LOSS],
      ['home', 'A', 20],
      ['A', 'servers', 20],
      ['home', 'B', 30],
      ['B', 'servers', 45],
    ],
  },
  async ({ stage, went, expect, progress }) => {
    const first = await stage.match(SERVER, () => stage.pass(12));
    went('a match without evidence', first, 'direct', 'no-evidence');
    const shown: Shown[] = [];
    const second = await stage.match(SERVER, async (said) => {
      await stage.pass(15);
      shown.push(await stage.page());
      await stage.roundTrip('A', 'servers', 90);
      for (let second = 0; second < HARM_SECS && !said().some(({ event }) => event === 'harm'); second++) await stage.pass(1);
      await stage.pass(1);
      shown.push(await stage.page());
    });
    went('the one that is shown', second, 'A', 'faster');
    for (const line of shown.flatMap(({ text }) => text)) progress(line);
    const [before, after] = shown.map(({ state }) => state);
    expect.that(/^The node A saves [\d.]+ ms$/.test(before.words.headline), `it says: ${before.words.headline}`);
    expect.that(/^The node A costs [\d.]+ ms$/.test(after.words.headline), `when A is worse, it says: ${after.words.headline}`);
    expect.that(shown[0].text[1] === before.words.headline, `a terminal says: ${shown[0].text[1]}`);
    const [direct, byNode] = before.ways.map(({ parts }) => parts.reduce((sum, { ms }) => sum + ms, 0));
    expect.that(byNode >= 40 && direct >= 60 && byNode < direct, `the pieces are ${direct} ms directly, ${byNode} by A`);
    const { direct: lost, nodeAfter } = after.lossCompared ?? {};
    expect.that((lost ?? 0) > 0.01 && nodeAfter === 0, `lost directly ${lost}, by A with protection ${nodeAfter}`);
    const flow = before.flows.find(({ server }) => server.startsWith(`${SERVER}:`));
    expect.that((flow?.packetsUp ?? 0) > 100 && (flow?.packetsDown ?? 0) > 100, `packets of the match: ${JSON.stringify(flow)}`);
    return { 'lost directly, %': ((lost ?? NaN) * 100).toFixed(1) };
  },
);

interface Shown {
  readonly state: PageState;
  readonly text: readonly string[];
}
