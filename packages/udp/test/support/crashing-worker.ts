import { workerData } from 'node:worker_threads';
import { createEngine } from '@lightspeed/udp';

/** Opens sockets of its own and adopts one, then dies in its packet path without closing anything. */
export interface CrashingWorkerData {
  readonly fd: number;
  readonly fdLedger: SharedArrayBuffer;
  readonly ownSockets: number;
}

const { fd, fdLedger, ownSockets } = workerData as CrashingWorkerData;
const engine = createEngine('batch', { fdLedger });
await engine.open({ ip: 0, port: 0, fd });
for (let index = 0; index < ownSockets; index++) await engine.open({ ip: 0x7f00_0001, port: 0 });
await engine.run({
  onDatagrams() {
    throw new Error('a fault in the packet path');
  },
  onSent() {},
  onWake() {},
  onTick: () => 1_000,
});
