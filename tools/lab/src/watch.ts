import { setTimeout } from 'node:timers/promises';

const LOOK_EVERY_MS = 100;
const TELL_EVERY_MS = 1_000;

/**
 * Waits until `done` says true.
 * @param tell called once a second meanwhile
 * @returns whether it did within `timeoutMs`
 */
export async function watch(done: () => boolean | Promise<boolean>, timeoutMs: number, tell: () => void = () => undefined) {
  const startMs = performance.now();
  let toldMs = startMs;
  while (!(await done())) {
    const nowMs = performance.now();
    if (nowMs - startMs > timeoutMs) return false;
    if (nowMs - toldMs >= TELL_EVERY_MS) {
      toldMs = nowMs;
      tell();
    }
    await setTimeout(LOOK_EVERY_MS);
  }
  return true;
}
