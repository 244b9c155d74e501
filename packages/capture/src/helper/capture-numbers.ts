import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { MAX_CAPTURE_NUMBER, numberOfMark } from '../rules/marks.ts';
import { runTool } from './nft.ts';

/*
 * A capture's number is in the marks of its sockets. A client may keep those beyond the capture. So a number comes again only after all
 * others, and never while a socket has it.
 */

/** The name of the file beside the socket that has the number of the last capture. */
export const NUMBER_FILE = 'last-capture';

/** Hands out numbers, one after the other. The last one is in a file, which outlives the helper. */
export class CaptureNumbers {
  readonly #file: string;

  /** @param file which only root may write to; it may be missing */
  constructor(file: string) {
    this.#file = file;
  }

  /** @param isTaken says of a number whether it is in use. @throws {Error} if all of them are, or the file cannot be written. */
  take(isTaken: (number: number) => boolean): number {
    const last = this.#last();
    for (let step = 0; step < MAX_CAPTURE_NUMBER; step++) {
      const number = ((last + step) % MAX_CAPTURE_NUMBER) + 1;
      if (isTaken(number)) continue;
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o755 });
      writeFileSync(`${this.#file}.new`, `${number}\n`, { mode: 0o644 });
      renameSync(`${this.#file}.new`, this.#file);
      return number;
    }
    throw new Error(`sockets of ${MAX_CAPTURE_NUMBER} captures are open: end the programs that keep them (ss -uane says which)`);
  }

  /** Where there is no file, numbers begin anywhere: those of an installation of before are unlikely to come soon. */
  #last(): number {
    let text = '';
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch {
      // It is the first capture since the system has started.
    }
    const last = Number(text);
    return Number.isInteger(last) && last >= 1 && last <= MAX_CAPTURE_NUMBER ? last : randomInt(MAX_CAPTURE_NUMBER);
  }
}

/** The numbers of captures that sockets of this network namespace belong to, whoever has them. */
export async function numbersOfSockets(): Promise<ReadonlySet<number>> {
  // Some systems have it in a package of its own: there only the order of numbers holds.
  return numbersInListing(await runTool('ss', ['-Huane']).catch(() => ''));
}

/** @param listing of `ss -e` */
export function numbersInListing(listing: string): ReadonlySet<number> {
  const marks = [...listing.matchAll(/ fwmark:(0x[0-9a-f]+)/g)].map(([, mark]) => numberOfMark(Number(mark)));
  return new Set(marks.filter((number) => number !== undefined));
}
