import { readFileSync, readdirSync } from 'node:fs';
import { sumOf } from './figures.ts';

/**
 * CPU time of processes and what they keep in memory, out of /proc. CPU time is read from `schedstat` of each thread, which
 * counts nanoseconds where `stat` counts hundredths of a second.
 */

/** @returns nanoseconds on a core out of the text of /proc/PID/task/TID/schedstat. */
export function parseSchedstat(text: string): number {
  const ns = Number(text.split(' ', 1)[0]);
  if (!Number.isFinite(ns) || text.trim() === '') throw new TypeError(`'${text}' is no schedstat`);
  return ns;
}

/** @returns bytes of resident memory out of the text of /proc/PID/status. */
export function parseResidentBytes(text: string): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(text) ?? [];
  if (kibibytes === undefined) throw new TypeError('there is no VmRSS');
  return Number(kibibytes) * 1_024;
}

/** Nanoseconds that these processes, all their threads, have been on a core. */
export function cpuNs(pids: readonly number[]): number {
  const threads = pids.flatMap((pid) => readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`));
  return sumOf(threads, (thread) => parseSchedstat(readOr(`${thread}/schedstat`, '0')));
}

/** The resident memory of some processes together; Linux only. */
export function residentBytes(pids: readonly number[]): number {
  return sumOf(pids, (pid) => parseResidentBytes(readFileSync(`/proc/${pid}/status`, 'utf8')));
}

/** Threads may end while they are looked at. */
function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
