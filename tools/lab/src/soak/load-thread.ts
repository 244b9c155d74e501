import { parentPort, workerData } from 'node:worker_threads';
import { chooseEngine, createEngine } from '@lightspeed/udp';
import type { EngineThreadData } from './engine-thread.ts';
import { LOAD_RESERVE_BYTES, LoadGenerator } from './load-generator.ts';
import type { LoadPlan } from './load-plan.ts';

const data = workerData as LoadPlan & EngineThreadData;
const stop = new Int32Array(data.stopFlag);
const engine = createEngine(chooseEngine(data.io).kind, { reserveBytes: LOAD_RESERVE_BYTES });
const sockets = [];
for (let client = 0; client < data.clients; client++) {
  const socket = await engine.open({ ip: data.sourceIps[client % data.sourceIps.length], port: 0 });
  socket.tag = client;
  sockets.push(socket);
}
parentPort?.postMessage(null);
const shallStop = () => Atomics.load(stop, 0) !== 0;
await engine.run(new LoadGenerator(engine, data, new Float64Array(data.figures), sockets, shallStop));
engine.close();
