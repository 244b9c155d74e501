import { randomFillSync } from 'node:crypto';

const BUFFERED = 256;

/** 32 unpredictable bits at a time, fetched from the system by the kilobyte: a call for each would cost a microsecond. */
export function randomSource(): () => number {
  const words = new Uint32Array(BUFFERED);
  let next = BUFFERED;
  return () => {
    if (next === BUFFERED) {
      randomFillSync(words);
      next = 0;
    }
    return words[next++];
  };
}
