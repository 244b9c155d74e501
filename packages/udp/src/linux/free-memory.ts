import { loadKoffi } from './koffi.ts';

type Trim = (keepBytes: number) => number;

let trim: Trim | undefined;

/**
 * Gives memory that the process has freed back to the system. glibc keeps it otherwise, in each of its arenas, for as long
 * as the process lives. Works on memory of native code only, not on V8's heap. Blocks the calling thread for some
 * milliseconds; other threads wait if they ask the allocator for memory meanwhile.
 *
 * @returns whether there was a way to do it: not on systems without glibc
 */
export function returnFreeMemory(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    trim ??= bindTrim();
  } catch {
    // No binary of koffi, or another C library.
    return false;
  }
  trim(0);
  return true;
}

function bindTrim(): Trim {
  const koffi = loadKoffi();
  return koffi.load(null).func('int malloc_trim(size_t pad)');
}
