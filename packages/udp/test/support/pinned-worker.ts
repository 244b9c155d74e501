import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { allowedCores, pinThread } from '@lightspeed/udp';

function coresOf(task: string): string {
  return /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync(`/proc/${task}/status`, 'utf8'))?.[1] ?? '';
}

pinThread(workerData as number);
parentPort?.postMessage({ own: coresOf('thread-self'), main: coresOf('self'), allowed: allowedCores() });
