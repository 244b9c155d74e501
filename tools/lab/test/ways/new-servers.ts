import { defineWays } from './stage.ts';

const SERVERS = [1, 2, 3, 4, 5].map((number) => `8.8.${number}.4`);
/** What is shorter is no match. */
const MATCH_SECS = 14;

/** Matchmaking: each match is on a server of a network that was never seen before. */
export const newServers = defineWays(
  'new-servers',
  'five matches, each on a new /24 of one provider, node 20 ms better: by the node from the third on',
  {
    nodes: ['A'],
    servers: SERVERS,
    ways: [
      ['home', 'servers', 60],
      ['home', 'A', 20],
      ['A', 'servers', 20],
    ],
  },
  async ({ stage, went }) => {
    const medians: string[] = [];
    for (const [at, server] of SERVERS.entries()) {
      const match = await stage.match(server, () => stage.pass(MATCH_SECS));
      if (at < 2) went(`match ${at + 1}`, match, 'direct', 'no-evidence');
      else went(`match ${at + 1}`, match, 'A', 'matches-faster');
      medians.push(match.medianMs.toFixed(1));
    }
    return { 'medians, ms': medians.join(', ') };
  },
);
