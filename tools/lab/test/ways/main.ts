import { carryOutRuns } from '../../src/runs.ts';
import { changingNode, gatewayChanging, runChanging } from './changing-node.ts';
import { livePage } from './live-page.ts';
import { lossyWay } from './lossy-way.ts';
import { newServers } from './new-servers.ts';
import { noBetterNode } from './no-better-node.ts';
import { silentServer } from './silent-server.ts';
import { whyNoWays } from './why-no-ways.ts';

process.exitCode = await carryOutRuns({
  program: 'pnpm --filter @lightspeed/lab ways',
  about: 'Plays matches in network namespaces where ways have their times, as root: with nftables, iproute2 and /dev/net/tun.',
  example: 'new-servers lossy-way',
  whyNot: whyNoWays,
  runs: [changingNode, silentServer, noBetterNode, newServers, lossyWay, livePage, runChanging, gatewayChanging],
});
