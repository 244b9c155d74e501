import { whyNoNamespaces } from './namespaces/availability.ts';
import { runCrossFamily, runOtherFamily, runRoaming, runTwoFamilies } from './namespaces/both-families.ts';
import { LONG_DRAIN, runDrain } from './namespaces/drained.ts';
import { runFailover, runRestart } from './namespaces/killed.ts';
import { runMultiHomed } from './namespaces/multi-homed.ts';
import { runOneNat } from './namespaces/one-nat.ts';
import { runRemapped } from './namespaces/remapped.ts';
import { runTwoInterfaces } from './namespaces/two-interfaces.ts';
import { carryOutRuns } from './runs.ts';

// Leaving by `exit` removes the namespaces and what runs in them.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
process.exitCode = await carryOutRuns(process.argv.slice(2), {
  program: 'pnpm --filter @lightspeed/lab namespaces',
  about: 'Runs scenarios in network namespaces of their own, as root: with nftables, iproute2 and conntrack.',
  example: 'remapped failover',
  whyNot: whyNoNamespaces,
  runs: {
    'one-nat': { about: 'two clients behind one NAT both play', start: runOneNat },
    remapped: { about: 'a NAT sends from other ports, or from another address: the game goes on', start: runRemapped },
    'two-interfaces': { about: 'a client with a path by each of two interfaces loses one', start: runTwoInterfaces },
    'multi-homed': {
      about: 'a node with several addresses of both families answers from each, also from one that comes later',
      start: runMultiHomed,
    },
    roaming: { about: "a client's path goes over from IPv4 to IPv6 and back: next to nothing is lost", start: runRoaming },
    'two-families': { about: 'a client with a path of each family loses the IPv4 link, and nothing else', start: runTwoFamilies },
    'other-family': { about: 'a client loses the link of the family that it uses: a gap of less than 1 s', start: runOtherFamily },
    'cross-family': { about: 'clients register over one family and play over the other', start: runCrossFamily },
    failover: { about: 'a node is killed, there is a second one: a gap of less than 1 s', start: runFailover },
    restart: { about: 'the only node is killed and started again: the sessions go on', start: runRestart },
    drain: {
      about: '100 busy clients leave a node that drains, and lose nothing',
      start: (progress) => runDrain(LONG_DRAIN, progress),
    },
  },
});
