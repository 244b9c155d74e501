import { Worker } from 'node:worker_threads';
import { TUNNEL_COUNTERS_BYTES } from '@lightspeed/session';
import { UDP_COUNTERS_BYTES, closeLedgerFds, createFdLedger } from '@lightspeed/udp';
import { ClientError } from '../errors.ts';
import type { ClientErrorCode } from '../errors.ts';
import type { WorkerInput, WorkerMessage } from './messages.ts';
import { RunningTunnel } from './running-tunnel.ts';
import { parseTunnelSettings } from './settings.ts';
import type { TunnelSettings } from './settings.ts';

/** The thread's module has the same form as this one: TypeScript in a checkout, JavaScript when built. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

/**
 * Starts a tunnel: a data-plane thread with one socket towards the node and one per entrance. Resolves when all are
 * bound and the session was asked for; `established` tells when the node has answered.
 *
 * @throws {ClientError} (rejection) `ERR_CLIENT_INVALID_SETTING`; `ERR_CLIENT_OPEN` if a socket cannot be opened;
 * `ERR_CLIENT_WORKER` if the thread cannot be started.
 */
export async function startTunnel(settings: TunnelSettings): Promise<RunningTunnel> {
  const input: WorkerInput = {
    settings: parseTunnelSettings(settings),
    counters: new SharedArrayBuffer(TUNNEL_COUNTERS_BYTES),
    udpCounters: new SharedArrayBuffer(UDP_COUNTERS_BYTES),
    fdLedger: createFdLedger(),
  };
  const worker = new Worker(WORKER, { workerData: input, name: 'lightspeed data plane' });
  try {
    return await begun(worker, input);
  } catch (error) {
    worker.once('exit', () => closeLedgerFds(input.fdLedger));
    throw error;
  }
}

/** Waits for the thread's first message. The tunnel takes over within its delivery, so that it misses none after it. */
function begun(worker: Worker, input: WorkerInput): Promise<RunningTunnel> {
  return new Promise((resolve, reject) => {
    const finish = () => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
    };
    const fail = (code: ClientErrorCode, message: string, cause?: unknown) => {
      finish();
      reject(new ClientError(code, message, { cause }));
    };
    const onMessage = (message: WorkerMessage) => {
      if (message.type === 'refused') return fail('ERR_CLIENT_OPEN', message.message);
      if (message.type !== 'started') return fail('ERR_CLIENT_WORKER', `the thread began with '${message.type}'`);
      finish();
      resolve(new RunningTunnel(worker, input, message));
    };
    const onError = (error: Error) => {
      fail('ERR_CLIENT_WORKER', `the data-plane thread cannot be started: ${error.message}`, error);
    };
    const onExit = () => fail('ERR_CLIENT_WORKER', 'the data-plane thread has ended at once');
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
  });
}
