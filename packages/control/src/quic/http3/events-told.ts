import { setImmediate } from 'node:timers/promises';

/**
 * Resolves when this thread has been told what happened to connections before it asked. The library's threads tell by
 * events, which are taken between timers and immediates: after an immediate that was asked for there none has been taken
 * yet, after the one that follows it all have.
 */
export async function eventsTold(): Promise<void> {
  await setImmediate();
  await setImmediate();
}
