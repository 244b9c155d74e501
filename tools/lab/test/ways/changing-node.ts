import type { Run } from '../../src/runs.ts';
import type { GameCommand } from './game-client.ts';
import { defineWays } from './stage.ts';

const SERVER = '8.8.4.4';
/** Two bad windows of ten seconds are harm. Windows begin with the match. */
const HARM_SECS = 60;
/** What is shorter is no match. */
const RECORDED_SECS = 12;

/** A node is taken, becomes worse, and is left for the next match. */
export const [changingNode, runChanging, gatewayChanging] = (
  [
    ['changing-node', 'socks'],
    ['run-changing', 'run'],
    ['gateway-changing', 'gateway'],
  ] as const
).map(([name, by]) => changing(name, by));

function changing(name: string, by: GameCommand): Run {
  return defineWays(
    name,
    `${by}: direct 60 ms, by A 40 and by B 75; then A has 90: direct, A, A, and a veto`,
    {
      by,
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
      const statusSays = async (way: string, reason: RegExp) => {
        if (by === 'socks') return;
        const { verdict, flows } = await stage.status();
        const seen = flows.find(({ server }) => server.startsWith(SERVER));
        const isSo = verdict.way === way && seen?.way === way && reason.test(seen.reason ?? '');
        expect.that(isSo, `status says ${JSON.stringify({ verdict, seen })} of a match by ${way}`);
      };
      const a = stage.nodeNames.get('A') ?? '';
      const first = await stage.match(SERVER, async () => {
        await stage.pass(by === 'socks' ? 4 : RECORDED_SECS);
        await statusSays('direct', /nothing is known/);
      });
      went('a match without evidence', first, 'direct', 'no-evidence');
      const second = await stage.matchBy('A', SERVER, async () => {
        await stage.pass(3);
        await statusSays('A', /the node is faster/);
      });
      went('the next one', second, 'A', 'faster');
      const third = await stage.matchBy('A', SERVER, async (said) => {
        await stage.roundTrip('A', 'servers', 70);
        for (let second = 0; second < HARM_SECS && !said().some(({ event }) => event === 'harm'); second++) await stage.pass(1);
        await stage.pass(1);
      });
      went('the one in which A is worse', third, 'A', 'faster');
      expect.equal('times that harm was told', third.events.filter(({ event }) => event === 'harm').length, 1);
      expect.that(
        third.events.some(({ event, isVetoed }) => event === 'match' && isVetoed === true),
        'its end does not tell of a veto',
      );
      const fourth = await stage.match(SERVER, async () => {
        await stage.pass(2);
        await statusSays('direct', /a node made matches there worse/);
      });
      went('the one after that', fourth, 'direct', 'veto');
      const kept = (await stage.history()).filter(({ event }) => event === 'match');
      expect.that(
        kept.some(({ way, isVetoed, harmMs }) => way === a && isVetoed === true && Number(harmMs) > 10),
        `the history has no veto: ${JSON.stringify(kept)}`,
      );
      if (by !== 'socks') {
        const direct = kept.find(({ way }) => way === 'direct');
        const seconds = (Number(direct?.['endMs']) - Number(direct?.['startMs'])) / 1_000;
        expect.that(
          Math.abs(seconds - RECORDED_SECS) < 2,
          `the direct match lasted for ${seconds} s in the history: ${JSON.stringify(kept)}`,
        );
        expect.that(
          Number(direct?.['gainMs']) > 10 && direct?.['node'] === a,
          `A would have gained nothing in it: ${JSON.stringify(direct)}`,
        );
      }
      const figures = { first, second, third, fourth };
      return Object.fromEntries(Object.entries(figures).map(([name, { medianMs }]) => [`${name}, ms`, medianMs.toFixed(1)]));
    },
  );
}
