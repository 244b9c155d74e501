import { parentPort, workerData } from 'node:worker_threads';
import { chooseEngine, createEngine } from '@lightspeed/udp';
import { EchoFigure } from './echo-server.ts';
import type { EchoServerData, EchoServerReady } from './echo-server.ts';
import type { EngineThreadData } from './engine-thread.ts';

const { io, addresses, figures, stopFlag } = workerData as EchoServerData & EngineThreadData;
const values = new Float64Array(figures);
const stop = new Int32Array(stopFlag);
const engine = createEngine(chooseEngine(io).kind);
const ready: EchoServerReady = { addresses: await Promise.all(Array.from({ length: addresses }, open)) };
parentPort?.postMessage(ready);

const { offsets, lengths, ips, ports } = engine.received;
await engine.run({
  onDatagrams(socket, count) {
    for (let index = 0; index < count; index++) {
      engine.send(socket, offsets[index], lengths[index], ips[index], ports[index]);
    }
    values[EchoFigure.echoed] += count;
  },
  onSent() {},
  onWake() {},
  onTick() {
    if (Atomics.load(stop, 0) !== 0) engine.stop();
    return 100;
  },
});
engine.close();

async function open() {
  const socket = await engine.open({ ip: 0x7f00_0001, port: 0 });
  return { ip: socket.localIp, port: socket.localPort };
}
