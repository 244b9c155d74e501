import { defineWays } from './stage.ts';

const SERVER = '8.8.4.4';
const MATCH_SECS = 12;
/** Of the burst, with which a match on an unknown server begins. */
const BURST_PROBES = 20;
const COUNTERS = `table ip probes {
  counter seen { }
  chain input {
    type filter hook input priority 0
    icmp type echo-request counter name seen
    tcp flags syn counter name seen
  }
}
`;

/** Where no node is better, nothing is changed for the game. */
export const noBetterNode = defineWays(
  'no-better-node',
  'no node is better: everything is direct, with at most two probes a second',
  {
    nodes: ['A'],
    servers: [SERVER],
    ways: [
      ['home', 'servers', 40],
      ['home', 'A', 25],
      ['A', 'servers', 25],
    ],
  },
  async ({ stage, went, expect }) => {
    await stage.servers.run('nft', ['-f', '-'], COUNTERS);
    const probes = async () => {
      const [, packets] = /packets (\d+)/.exec(await stage.servers.run('nft', ['list', 'counter', 'ip', 'probes', 'seen'])) ?? [];
      return Number(packets);
    };
    const first = await stage.match(SERVER, () => stage.pass(2));
    went('a match without evidence', first, 'direct', 'no-evidence');
    const before = await probes();
    const startMs = performance.now();
    const second = await stage.match(SERVER, () => stage.pass(MATCH_SECS));
    went('the next one', second, 'direct', 'not-better');
    const seconds = (performance.now() - startMs) / 1_000;
    const sent = (await probes()) - before;
    expect.that(sent > 0 && sent <= 2 * (seconds + 1), `${sent} probes in ${seconds.toFixed(1)} s`);
    expect.that(before <= BURST_PROBES + 2 * 6, `${before} probes with the burst`);
    const plain = await stage.withoutClient(SERVER, 2);
    return {
      'game, ms': second.medianMs.toFixed(1),
      'without the client, ms': plain.medianMs.toFixed(1),
      'probes a second': (sent / seconds).toFixed(2),
      burst: before,
    };
  },
);
