import { defineWays } from './stage.ts';

const SERVER = '8.8.4.4';
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
  'a server that is silent to ICMP and TCP: the last router before it is measured by TTL',
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
    // Each kind that is tried in vain takes its second.
    const first = await stage.match(SERVER, () => stage.pass(12));
    went('a match without evidence', first, 'direct', 'no-evidence');
    const second = await stage.match(SERVER, () => stage.pass(11));
    went('the next one', second, 'A', 'faster');
    const { kind } = await stage.probe(SERVER);
    expect.that(kind === 'ttl', `it is measured by ${String(kind)}`);
    return { 'first, ms': first.medianMs.toFixed(1), 'second, ms': second.medianMs.toFixed(1) };
  },
);
