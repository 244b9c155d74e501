import { count } from '../figures.ts';
import { defineRun } from '../runs.ts';
import { answeredOf, expectWholeLoad, openSoakLoad } from './soak-load.ts';
import { startSoakNode } from './soak-node.ts';

/** Clients that send all the time: nothing may get lost, and every answer must come to its own client. */
export const steady = defineRun(
  'steady',
  '100 clients, 200 packets a second each for 60 s: nothing lost, every answer to its own client',
  { clients: 100, packetsPerSecondPerClient: 200, seconds: 60 },
  async ({ expect, progress, started }, { clients, packetsPerSecondPerClient, seconds }) => {
    const load = await openSoakLoad(started, clients);
    const node = await startSoakNode(started, load.servers, { admit: 'anybody' });
    const packetsPerClient = packetsPerSecondPerClient * seconds;
    const plan = { clients, opensPerSecond: 500, packetsPerClient, ratePps: packetsPerSecondPerClient * clients };
    const startMs = performance.now();
    const report = await load.run('steady', node.data, plan, progress);
    const elapsedMs = performance.now() - startMs;
    const metrics = await node.metrics();
    const kernelDrops = metrics.value('kernel_dropped_packets_total');
    expectWholeLoad(expect, report, clients, clients * packetsPerClient);
    expect.equal('datagrams that the kernel dropped in front of the node', kernelDrops, 0);
    const { sent, misdelivered, ownDrops } = report.window;
    return {
      clients,
      seconds: Number((elapsedMs / 1_000).toFixed(1)),
      sent: count(sent),
      answered: count(answeredOf(report.window)),
      'at the wrong client': misdelivered,
      'dropped by the node': metrics.drops('client'),
      'kernel drops': kernelDrops + ownDrops,
    };
  },
);
