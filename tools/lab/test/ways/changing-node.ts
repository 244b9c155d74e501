import { defineWays } from './stage.ts';

const SERVER = '8.8.4.4';
/** Two bad windows of ten seconds are harm. Windows begin with the match. */
const HARM_SECS = 60;

/** A node is taken, becomes worse, and is left for the next match. */
export const changingNode = defineWays(
  'changing-node',
  'direct 60 ms, by A 40 and by B 75; then A has 90: direct, A, A, and a veto',
  {
    nodes: ['A', 'B'],
    servers: [SERVER],
    ways: [
      ['home', 'servers', 60],
      ['home', 'A', 20],
      ['A', 'servers', 20],
      ['home', 'B', 30],
      ['B', 'servers', 45],
    ],
  },
  async ({ stage, went, expect }) => {
    const first = await stage.match(SERVER, () => stage.pass(4));
    went('a match without evidence', first, 'direct', 'no-evidence');
    const second = await stage.match(SERVER, () => stage.pass(3));
    went('the next one', second, 'A', 'faster');
    await stage.roundTrip('A', 'servers', 70);
    const third = await stage.match(SERVER, async (said) => {
      for (let second = 0; second < HARM_SECS && !said().some(({ event }) => event === 'harm'); second++) await stage.pass(1);
      await stage.pass(1);
    });
    went('the one in which A is worse', third, 'A', 'faster');
    expect.equal('times that harm was told', third.events.filter(({ event }) => event === 'harm').length, 1);
    expect.that(
      third.events.some(({ event, isVetoed }) => event === 'match' && isVetoed === true),
      'its end does not tell of a veto',
    );
    const fourth = await stage.match(SERVER, () => stage.pass(2));
    went('the one after that', fourth, 'direct', 'veto');
    const kept = (await stage.history()).filter(({ event }) => event === 'match');
    expect.that(
      kept.some(({ isVetoed }) => isVetoed === true),
      `the history has no veto: ${JSON.stringify(kept)}`,
    );
    const figures = { first, second, third, fourth };
    return Object.fromEntries(Object.entries(figures).map(([name, { medianMs }]) => [`${name}, ms`, medianMs.toFixed(1)]));
  },
);
