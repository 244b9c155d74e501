import type { PathNumber } from '@lightspeed/wire';
import type { MultipathMode } from './base/multipath.ts';

/*
 * Which paths a packet takes (docs/protocol.md, Paths), for both ends. Sets of paths are numbers: bit n stands for path
 * number n. Nothing here knows of sockets, addresses or the time: whoever asks says which paths work.
 */

/**
 * The paths by which a data or parity packet goes.
 * @param primary the number of the path by which data goes.
 * @param usable the set of paths that may work. The primary one is used whether it is among them or not.
 * @returns a set that is never empty.
 */
export function pathsFor(mode: MultipathMode, isParity: boolean, primary: PathNumber, usable: number): number {
  const own = 1 << primary;
  if (mode === 'duplicate') return usable | own;
  if (mode === 'parity' && isParity) return lowestOf(usable & ~own) || own;
  return own;
}

/**
 * The path by which data goes from now on, at the end that decides about it: the first one that works.
 * @returns its number, or `current` if none works.
 */
export function primaryAmong(usable: number, current: PathNumber): PathNumber {
  return usable === 0 ? current : 31 - Math.clz32(lowestOf(usable));
}

/** The set of the lowest-numbered path of a set. */
function lowestOf(paths: number): number {
  return paths & -paths;
}
