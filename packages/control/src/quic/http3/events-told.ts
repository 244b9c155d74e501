import { setImmediate } from 'node:timers/promises';

/**
 * Resolves when this thread has been told what happened to connections before it asked. The library's threads report by
 * events, which are taken between timers and immediates. After an immediate that was requested there, none has been
 * taken yet. After the next one, all have.
 */
export async function eventsTold(): Promise<void> {
  await setImmediate();
  await setImmediate();
}
