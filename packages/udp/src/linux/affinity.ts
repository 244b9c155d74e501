import { requireInteger, UdpError } from '../errors.ts';
import { libc, NativeBlock } from './libc.ts';
import { errnoName } from './raw-sockets.ts';

/** Processors that a mask has room for, as many as glibc's cpu_set_t. */
const MOST_CORES = 1_024;
const MASK_BYTES = MOST_CORES / 8;

/** Thread id 0 of the affinity calls: the one that calls. */
const THIS_THREAD = 0;

/** Processors that this thread may run on, ascending: those of the machine, or what a container or taskset left of them. Linux only. */
export function allowedCores(): number[] {
  const mask = new NativeBlock(MASK_BYTES);
  if (libc().schedGetaffinity(THIS_THREAD, MASK_BYTES, mask.address) < 0) {
    throw refusal('sched_getaffinity');
  }
  return Array.from({ length: MOST_CORES }, (_, core) => core).filter((core) => isSet(mask, core));
}

/**
 * Keeps the calling thread on one processor from now on. Its caches stay warm, and no other thread of the program takes
 * its place there by mistake. Other threads, and those that exist already, are left alone. Linux only.
 *
 * Throws a `UdpError` 'ERR_UDP_AFFINITY' if the system refuses: most likely, the core is not one of {@link allowedCores}.
 */
export function pinThread(core: number): void {
  requireInteger('core', core, 0, MOST_CORES - 1);
  const mask = new NativeBlock(MASK_BYTES);
  mask.words[core >>> 5] = 1 << (core & 31);
  if (libc().schedSetaffinity(THIS_THREAD, MASK_BYTES, mask.address) < 0) {
    throw refusal(`core ${core}: sched_setaffinity`);
  }
}

function isSet(mask: NativeBlock, core: number): boolean {
  return ((mask.words[core >>> 5] >>> (core & 31)) & 1) === 1;
}

function refusal(what: string): UdpError {
  const errno = errnoName(libc().errno());
  return new UdpError('ERR_UDP_AFFINITY', `${what} failed: ${errno}`, { errno });
}
