import { count } from '../figures.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import { startEchoServer } from './echo-server.ts';
import { LoadFigure, startLoad } from './load-plan.ts';
import { dropsLine, expectWholeLoad, loadLine } from './load-verdict.ts';
import { NodeProcess } from './node-process.ts';
import { Expectations } from './outcome.ts';
import type { Outcome, Progress } from './outcome.ts';
import { watch } from './watch.ts';

export interface SteadyOptions {
  readonly clients: number;
  readonly packetsPerSecondPerClient: number;
  readonly seconds: number;
}

export const LONG_STEADY: SteadyOptions = { clients: 100, packetsPerSecondPerClient: 200, seconds: 60 };

const TIMEOUT_MS = 30_000;

/** Clients that send all the time: nothing may get lost, and every answer must come to its own client. */
export async function runSteady(options: SteadyOptions, progress: Progress): Promise<Outcome> {
  const { clients, packetsPerSecondPerClient, seconds } = options;
  await using started = new AsyncDisposableStack();
  const echo = await startEchoServer({ io: 'auto', addresses: 1 });
  started.defer(() => echo.stop());
  const node = await NodeProcess.start({ allow: echo.ready.addresses, io: 'auto' });
  started.defer(() => node.close());
  const load = await startLoad({
    io: 'auto',
    node: node.address,
    sourceIps: [LOOPBACK],
    servers: echo.ready.addresses,
    clients,
    opensPerSecond: 500,
    packetsPerClient: packetsPerSecondPerClient * seconds,
    packetsPerSecondPerClient,
  });
  started.defer(() => load.stop());
  const startMs = performance.now();
  const done = () => load.figures[LoadFigure.done] === 1;
  const ended = await watch(done, seconds * 1_000 + TIMEOUT_MS, () => progress(loadLine(load.figures)));

  const { stats } = await node.report();
  const expectations = new Expectations();
  expectations.that(ended, 'the load generator did not come to its end');
  expectWholeLoad(expectations, load.figures, clients, clients * packetsPerSecondPerClient * seconds);
  expectations.equal('datagrams that the kernel dropped in front of the node', stats.udp.kernel_drops, 0);
  return {
    name: 'steady',
    faults: expectations.faults,
    figures: {
      clients,
      seconds: Number(((performance.now() - startMs) / 1_000).toFixed(1)),
      sent: count(load.figures[LoadFigure.sent]),
      answered: count(load.figures[LoadFigure.answered]),
      'at the wrong client': load.figures[LoadFigure.misdelivered],
      'turns held back': load.figures[LoadFigure.heldBack],
      'dropped by the node': dropsLine(stats.clientDrops),
      'kernel drops': stats.udp.kernel_drops + load.figures[LoadFigure.kernelDrops],
    },
  };
}
