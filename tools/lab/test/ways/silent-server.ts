import { defineWays } from './stage.ts';

const SERVER = '8.8.4.4';
/** Two windows of ten seconds, the one that has begun before, and what the median of keepalives needs; twice, for a busy machine. */
const HARM_SECS = 2 * (2 * 10 + 10 + 5);
const SILENCE = `table ip silent {
  chain input {
    type filter hook input priority 0
    ip protocol icmp drop
    ip protocol tcp drop
  }
  chain output {
    type filter hook output priority 0
    ip protocol icmp drop
  }
}
`;

/** A server that answers nothing but its game. */
export const silentServer = defineWays(
  'silent-server',
  'a server that is silent to ICMP and TCP: routers before it are measured by TTL, and show harm on the way to the node, too',
  {
    nodes: ['A'],
    servers: [SERVER],
    ways: [
      ['home', 'servers', 60],
      ['home', 'A', 20],
      ['A', 'servers', 20],
    ],
  },
  async ({ stage, went, expect }) => {
    await stage.servers.run('nft', ['-f', '-'], SILENCE);
    // Each kind that is tried in vain takes its second. Then ten pairs come at once, by three routers.
    const first = await stage.match(SERVER, () => stage.pass(7.5));
    went('a match without evidence', first, 'direct', 'no-evidence');
    const second = await stage.matchBy('A', SERVER, async (said) => {
      await stage.pass(2);
      await stage.roundTrip('home', 'A', 80);
      for (let second = 0; second < HARM_SECS && !said().some(({ event }) => event === 'harm'); second++) await stage.pass(1);
    });
    went('the next one', second, 'A', 'faster');
    expect.that(
      second.events.some(({ event }) => event === 'harm'),
      `the harm is not shown within ${HARM_SECS} s`,
    );
    const { kind } = await stage.probe(SERVER);
    expect.that(kind === 'ttl', `it is measured by ${String(kind)}`);
    return { 'first, ms': first.medianMs.toFixed(1), 'second, ms': second.medianMs.toFixed(1) };
  },
);
