import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { FEC_BLOCK_BYTES } from '@lightspeed/fec';
import { chooseEngine, createEngine } from '@lightspeed/udp';
import type { DatagramEngine } from '@lightspeed/udp';
import { localCountersIn } from '../ingress/local-counters.ts';
import { RulePolicy, WAY_ASKED, WAY_NODE_IN_USE } from '../way/way-policy.ts';
import { TunnelDriver } from './driver.ts';
import type { Command, WorkerInput, WorkerMessage } from './messages.ts';
import { localAddressOf } from './path-sockets.ts';
import { openTunnelSockets } from './sockets.ts';
import type { TunnelSockets } from './sockets.ts';

/**
 * The data-plane thread. With the batch engine it blocks in the kernel as long as the tunnel lives. It takes messages
 * of the main thread when that wakes it. Over the portable engine it lives on this thread's event loop.
 */

/** Blocks for parity under construction and for packets of the tunnel's own. */
const MEMORY_BLOCKS = 1_024;

if (parentPort === null) throw new Error('this module is the data-plane thread of a tunnel; start it with startTunnel()');
const port = parentPort;
const post = (message: WorkerMessage) => port.postMessage(message);

try {
  await run(workerData as WorkerInput);
} catch (error) {
  const refused = error instanceof Error && 'code' in error && /^ERR_(UDP|CLIENT)_/.test(String(error.code));
  if (!refused) throw error;
  post({ type: 'refused', message: error.message, mayPass: 'mayPass' in error && error.mayPass === true });
}
port.close();

async function run(input: WorkerInput): Promise<void> {
  const { settings } = input;
  const { kind, reason, fellBack } = chooseEngine(settings.io);
  using engine = createEngine(kind, {
    reserveBytes: MEMORY_BLOCKS * FEC_BLOCK_BYTES,
    countersBuffer: input.udpCounters,
    fdLedger: input.fdLedger,
  });
  const sockets = await openTunnelSockets(engine, settings, input.via !== undefined);
  const commands: Command[] = [];
  // Fires where the engine lives on the event loop; the batch engine never returns to it.
  port.on('message', (command: Command) => {
    commands.push(command);
    engine.wake();
  });
  const driver = new TunnelDriver({
    engine,
    settings,
    sockets,
    nodeTunnels: input.nodeTunnels,
    via: input.via,
    policy: new RulePolicy(input.ways, settings.flowsTold === undefined ? WAY_NODE_IN_USE : WAY_ASKED),
    counters: localCountersIn(input.localCounters),
    post,
    takeCommand: () => commands.shift() ?? (receiveMessageOnPort(port)?.message as Command | undefined),
  });
  post({ type: 'started', io: kind, ioReason: reason, ioFellBack: fellBack, wakeFd: engine.wakeFd, ...addressesOf(engine, sockets) });
  await engine.run(driver);
  driver.publish();
}

function addressesOf(engine: DatagramEngine, { paths, ingresses }: TunnelSockets) {
  return {
    listens: ingresses.map(({ localIp, localPort }) => ({ ip: localIp >>> 0, port: localPort })),
    locals: paths.map(({ socket }) => localAddressOf(engine, socket)),
  };
}
