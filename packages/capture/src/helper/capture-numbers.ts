import { readFileSync, writeFileSync } from 'node:fs';
import { MAX_CAPTURE_NUMBER } from '../rules/marks.ts';

/**
 * The numbers of captures, which their marks carry. One is not used again before all others were: a socket that is left of an
 * earlier capture must not speak into a later one. So the last one is kept in a file, which outlives a helper.
 */
export class CaptureNumbers {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * @param isTaken whether a number is in use; not all may be.
   * @throws {Error} if the file cannot be written.
   */
  next(isTaken: (number: number) => boolean): number {
    let number = this.#last();
    do {
      number = (number % MAX_CAPTURE_NUMBER) + 1;
    } while (isTaken(number));
    writeFileSync(this.#file, `${number}\n`, { mode: 0o644 });
    return number;
  }

  #last(): number {
    let text: string;
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch {
      return 0;
    }
    const number = Number(text);
    return Number.isInteger(number) && number > 0 && number <= MAX_CAPTURE_NUMBER ? number : 0;
  }
}
