import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The kernel gives out a quota anew this often: short, so that what waits meanwhile fits into a socket's buffer. */
const PERIOD_US = 10_000;

/** Where the kernel takes orders about CPU time: control groups in their first or second version. */
export interface CpuController {
  readonly version: 1 | 2;
  readonly folder: string;
}

/** @returns the controller of CPU time out of the text of /proc/mounts; undefined if there is none. */
export function findCpuController(mounts: string): CpuController | undefined {
  let second: CpuController | undefined;
  for (const line of mounts.split('\n')) {
    const [, folder, type, options = ''] = line.split(' ');
    // Both may be mounted; then CPU time belongs to the first version, unless that has not got it.
    if (type === 'cgroup' && options.split(',').includes('cpu')) return { version: 1, folder };
    if (type === 'cgroup2') second = { version: 2, folder };
  }
  return second;
}

/**
 * Gives threads a share of a core each, so that a machine with few cores can show what several slow ones do. The kernel
 * does it: control groups with a quota, in which each thread is alone. Needs root.
 */
export class ThreadQuota implements Disposable {
  readonly #controller: CpuController;
  readonly #quotaUs: number;
  readonly #group: string;
  readonly #made: string[] = [];

  /** @param share of one core, above 0 to 1. */
  constructor(controller: CpuController, share: number, name: string) {
    this.#controller = controller;
    this.#quotaUs = Math.round(PERIOD_US * share);
    this.#group = join(controller.folder, name);
  }

  /** @throws what the file system says, if it may not be. */
  limit(pid: number, threads: readonly number[]): void {
    if (this.#made.length === 0) this.#make(this.#group);
    const members = threads.map((thread) => ({ thread, folder: join(this.#group, String(thread)) }));
    for (const { folder } of members) this.#make(folder);
    if (this.#controller.version === 1) {
      for (const { thread, folder } of members) {
        writeFileSync(join(folder, 'cpu.cfs_period_us'), String(PERIOD_US));
        writeFileSync(join(folder, 'cpu.cfs_quota_us'), String(this.#quotaUs));
        writeFileSync(join(folder, 'tasks'), String(thread));
      }
      return;
    }
    writeFileSync(join(this.#controller.folder, 'cgroup.subtree_control'), '+cpu');
    writeFileSync(join(this.#group, 'cgroup.procs'), String(pid));
    // Only groups of this type take single threads of a process.
    for (const { folder } of members) writeFileSync(join(folder, 'cgroup.type'), 'threaded');
    writeFileSync(join(this.#group, 'cgroup.subtree_control'), '+cpu');
    for (const { thread, folder } of members) {
      writeFileSync(join(folder, 'cpu.max'), `${this.#quotaUs} ${PERIOD_US}`);
      writeFileSync(join(folder, 'cgroup.threads'), String(thread));
    }
  }

  /** Removes the groups; the processes must have ended. */
  [Symbol.dispose](): void {
    for (const folder of this.#made.splice(0).toReversed()) rmdirSync(folder);
  }

  #make(folder: string): void {
    mkdirSync(folder);
    this.#made.push(folder);
  }
}

/** @returns the controller of this machine. */
export function cpuController(): CpuController | undefined {
  return findCpuController(readFileSync('/proc/mounts', 'utf8'));
}
