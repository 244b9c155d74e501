import { readFileSync } from 'node:fs';
import { loadKoffi } from './koffi.ts';

type Advise = (address: bigint, bytes: number, advice: number) => number;

let advise: Advise | undefined;

const MADV_DONTNEED = 4;
const MAPPING = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ [1-9]\d*\s+\//;

/**
 * Gives back the pages of this process's program and libraries that are in memory only because something was done once, such as
 * starting. The kernel maps what is needed again, from the same files. There are half as many again of a program
 * that was just installed: the system maps more at once of what was just written. Takes some milliseconds.
 *
 * The helper of @lightspeed/capture has the same again: it has rights, so it imports nothing but itself and koffi.
 * @returns whether there was a way to do it: only Linux has one
 */
export function returnProgramPages(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    advise ??= loadKoffi().load(null).func('int madvise(void *address, size_t bytes, int advice)') as Advise;
    for (const { address, bytes } of unchangedMappings(readFileSync('/proc/self/smaps', 'utf8'))) advise(address, bytes, MADV_DONTNEED);
    return true;
  } catch {
    // No binary of koffi, or no /proc.
    return false;
  }
}

/** @returns mappings of files, out of the text of /proc/PID/smaps, that are read only and as the files are: nothing in them was written. */
export function unchangedMappings(smaps: string): { readonly address: bigint; readonly bytes: number }[] {
  const found: { readonly address: bigint; readonly bytes: number }[] = [];
  let mapping: RegExpExecArray | null = null;
  for (const line of smaps.split('\n')) {
    if (/^[0-9a-f]+-/.test(line)) mapping = MAPPING.exec(line);
    // Pages that were written, as the linker does before it protects them, are not in the file.
    else if (mapping !== null && /^Anonymous:\s+0 kB$/.test(line)) {
      const [from, to] = [mapping[1], mapping[2]].map((digits) => BigInt(`0x${digits}`));
      found.push({ address: from, bytes: Number(to - from) });
      mapping = null;
    }
  }
  return found;
}
