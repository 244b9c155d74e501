import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { createEngine } from '@lightspeed/udp';

/** Runs an engine with no traffic; adds up the numbers that it is sent, answers and ends at 0. */
const port = parentPort;
if (port === null) throw new Error('this file is for a worker');
const engine = createEngine('batch');
port.postMessage(engine.wakeFd);
let sum = 0;
await engine.run({
  onDatagrams() {},
  onSent() {},
  onWake() {
    for (let taken = receiveMessageOnPort(port); taken !== undefined; taken = receiveMessageOnPort(port)) {
      sum += Number(taken.message);
      if (taken.message === 0) engine.stop();
    }
  },
  onTick: () => 1_000,
});
engine.close();
port.postMessage(sum);
port.close();
