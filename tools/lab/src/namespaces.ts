import { remapped, twoInterfaces } from './namespaces/changes.ts';
import { crossFamily, otherFamily, roaming, twoFamilies } from './namespaces/families.ts';
import { whyNoNamespaces } from './namespaces/internet.ts';
import { multiHomed } from './namespaces/multi-homed.ts';
import { drain, failover, restart } from './namespaces/nodes.ts';
import { oneNat } from './namespaces/together.ts';
import { carryOutRuns } from './runs.ts';

process.exitCode = await carryOutRuns({
  program: 'pnpm --filter @lightspeed/lab namespaces',
  about: 'Runs scenarios in network namespaces of their own, as root: with nftables, iproute2 and conntrack.',
  example: 'remapped failover',
  whyNot: whyNoNamespaces,
  runs: [oneNat, remapped, twoInterfaces, multiHomed, roaming, twoFamilies, otherFamily, crossFamily, failover, restart, drain],
});
