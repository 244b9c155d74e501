import { returnFreeMemory } from '@lightspeed/udp';

/**
 * Collects the calling thread's garbage, and makes its heap as small as it can be. Then it gives the system back what is
 * free, here and in native code. V8 and glibc keep it otherwise, until they need it. Of a node with 10,000 sessions,
 * native code's share is 12 of 143 MB. Takes the thread some 20 to 60 ms.
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
