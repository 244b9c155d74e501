import { returnFreeMemory } from '@lightspeed/udp';

/** A start with fewer clients leaves too little behind to be worth while. */
export const MANY_CLIENTS = 1_000;

/**
 * Collects the calling thread's garbage and makes its heap as small as possible. Then it gives free memory back to the
 * system, here and in native code. V8 and glibc keep it otherwise, until they need it. Takes the thread some 20 to 60
 * ms.
 *
 * @throws if this Node has no inspector, by which V8 is told; then only native code has given back what it could.
 */
export async function giveMemoryBack(): Promise<void> {
  try {
    await collectGarbage();
  } finally {
    returnFreeMemory();
  }
}

/** The inspector's call tells V8 that memory is low, which makes its heap smaller too. */
async function collectGarbage(): Promise<void> {
  const { Session } = await import('node:inspector/promises');
  const session = new Session();
  session.connect();
  try {
    await session.post('HeapProfiler.collectGarbage');
  } finally {
    session.disconnect();
  }
}
