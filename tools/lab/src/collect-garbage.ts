import { on } from 'node:events';
import { Session } from 'node:inspector/promises';
import type { NodeWorker } from 'node:inspector';
import { isMainThread } from 'node:worker_threads';

/** HeapProfiler.collectGarbage would wait for the thread's event loop; this runs at once, given `--expose-gc`. */
const COLLECT = { method: 'Runtime.evaluate', params: { expression: 'gc()' } };

type Message = { readonly params: NodeWorker.ReceivedMessageFromWorkerEventDataType };

/**
 * Collects the garbage of all threads of this process, at each SIGUSR2, and says so on its output. A data-plane thread cannot
 * be asked to: it never turns its event loop. The inspector reaches it all the same, between two steps of its program.
 */
async function collectWhenAsked(): Promise<void> {
  const session = new Session();
  session.connect();
  const threads = new Set<string>();
  session.on('NodeWorker.attachedToWorker', ({ params }) => threads.add(params.sessionId));
  session.on('NodeWorker.detachedFromWorker', ({ params }) => threads.delete(params.sessionId));
  await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  let asked = 0;
  const collectIn = async (sessionId: string) => {
    const id = ++asked;
    const answers = on(session, 'NodeWorker.receivedMessageFromWorker') as AsyncIterable<[Message]>;
    await session.post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id, ...COLLECT }) });
    for await (const [{ params }] of answers) {
      if (params.sessionId === sessionId && JSON.parse(params.message).id === id) return;
    }
  };
  let collections = 0;
  const collect = async () => {
    globalThis.gc?.();
    await Promise.all([...threads].map(collectIn));
    process.stdout.write(`garbage collected ${++collections}\n`);
  };
  process.on('SIGUSR2', () => void collect());
}

// Loaded into a program by `--import`, with threads that it starts.
if (isMainThread) await collectWhenAsked();
