import { count } from '../figures.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import { Expectations } from './outcome.ts';
import type { Outcome, Progress } from './outcome.ts';
import { SoakLoad, answeredOf, expectWholeLoad } from './soak-load.ts';
import { NodeMetrics, startSoakNode } from './soak-node.ts';

/** How many clients send, how fast and how long. */
export interface SteadyOptions {
  readonly clients: number;
  readonly packetsPerSecondPerClient: number;
  readonly seconds: number;
}

/** The options of the soak. */
export const LONG_STEADY: SteadyOptions = { clients: 100, packetsPerSecondPerClient: 200, seconds: 60 };

/** Clients that send all the time: nothing may get lost, and every answer must come to its own client. */
export async function runSteady(options: SteadyOptions, progress: Progress): Promise<Outcome> {
  const { clients, packetsPerSecondPerClient, seconds } = options;
  await using started = new AsyncDisposableStack();
  const load = started.use(await SoakLoad.open(clients, [LOOPBACK], 1));
  const node = await startSoakNode(started, load.servers, { admit: 'anybody' });
  const packetsPerClient = packetsPerSecondPerClient * seconds;
  const plan = { clients, opensPerSecond: 500, packetsPerClient, ratePps: packetsPerSecondPerClient * clients };
  const startMs = performance.now();
  const report = await load.run('steady', node.data, plan, progress);
  const elapsedMs = performance.now() - startMs;
  const metrics = await NodeMetrics.of(node);
  const kernelDrops = metrics.value('kernel_dropped_packets_total');
  const expectations = new Expectations();
  expectWholeLoad(expectations, report, clients, clients * packetsPerClient);
  expectations.equal('datagrams that the kernel dropped in front of the node', kernelDrops, 0);
  const { sent, misdelivered, ownDrops } = report.window;
  return {
    name: 'steady',
    faults: expectations.faults,
    figures: {
      clients,
      seconds: Number((elapsedMs / 1_000).toFixed(1)),
      sent: count(sent),
      answered: count(answeredOf(report.window)),
      'at the wrong client': misdelivered,
      'dropped by the node': metrics.drops('client'),
      'kernel drops': kernelDrops + ownDrops,
    },
  };
}
