import { remapped, twoInterfaces } from './changes.ts';
import { crossFamily, otherFamily, roaming, twoFamilies } from './families.ts';
import { whyNoNamespaces } from './internet.ts';
import { multiHomed } from './multi-homed.ts';
import { drain, failover, restart } from './nodes.ts';
import { oneNat } from './together.ts';
import { carryOutRuns } from '../../src/runs.ts';

process.exitCode = await carryOutRuns({
  program: 'pnpm --filter @lightspeed/lab namespaces',
  about: 'Runs scenarios in network namespaces of their own, as root: with nftables, iproute2 and conntrack.',
  example: 'remapped failover',
  whyNot: whyNoNamespaces,
  runs: [oneNat, remapped, twoInterfaces, multiHomed, roaming, twoFamilies, otherFamily, crossFamily, failover, restart, drain],
});
