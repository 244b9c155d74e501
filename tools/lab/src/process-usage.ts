import { readFileSync, readdirSync } from 'node:fs';

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

/** @returns the parent out of the text of /proc/PID/stat, in which a program's name may hold anything. */
export function parseParent(text: string): number {
  const [, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(parent);
}

/** Nanoseconds that these processes, all their threads, have been on a core. */
export function cpuNs(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      sum += parseSchedstat(readOr(`/proc/${pid}/task/${thread}/schedstat`, '0'));
    }
  }
  return sum;
}

/** The resident memory of some processes together; Linux only. */
export function residentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + parseResidentBytes(readFileSync(`/proc/${pid}/status`, 'utf8')), 0);
}

/** A process and all that descend from it. */
export function familyOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readOr(`/proc/${name}/stat`, '');
    if (stat !== '') parents.set(Number(name), parseParent(stat));
  }
  const family = [pid];
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.push(child);
  }
  return family;
}

/** Threads and processes may end while they are looked at. */
function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
