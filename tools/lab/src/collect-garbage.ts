import { Session } from 'node:inspector/promises';
import type { NodeWorker } from 'node:inspector';
import { isMainThread } from 'node:worker_threads';

/** HeapProfiler.collectGarbage would wait for the thread's event loop; this runs at once, given `--expose-gc`. */
const COLLECT = { method: 'Runtime.evaluate', params: { expression: 'gc()' } };

/**
 * Collects the garbage of all threads of this process. A data-plane thread cannot be asked to: it never turns its event
 * loop. The inspector reaches it all the same, between two steps of its program.
 */
class GarbageCollector {
  readonly #session = new Session();
  readonly #workers = new Set<string>();
  #asked = 0;

  private constructor() {
    this.#session.connect();
    this.#session.on('NodeWorker.attachedToWorker', ({ params }) => this.#workers.add(params.sessionId));
    this.#session.on('NodeWorker.detachedFromWorker', ({ params }) => this.#workers.delete(params.sessionId));
  }

  /** Knows the threads that there are, and learns of those to come. */
  static async attach(): Promise<GarbageCollector> {
    const collector = new GarbageCollector();
    await collector.#session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
    return collector;
  }

  async collect(): Promise<void> {
    globalThis.gc?.();
    await Promise.all([...this.#workers].map((sessionId) => this.#collectIn(sessionId)));
  }

  async #collectIn(sessionId: string): Promise<void> {
    const id = ++this.#asked;
    const answered = new Promise<void>((resolve) => {
      const take = ({ params }: { params: NodeWorker.ReceivedMessageFromWorkerEventDataType }) => {
        if (params.sessionId !== sessionId || JSON.parse(params.message).id !== id) return;
        this.#session.off('NodeWorker.receivedMessageFromWorker', take);
        resolve();
      };
      this.#session.on('NodeWorker.receivedMessageFromWorker', take);
    });
    const message = JSON.stringify({ id, ...COLLECT });
    await this.#session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
    await answered;
  }
}

// Loaded into a program by `--import`, with threads it starts: at SIGUSR2 it collects, and says so on its output.
if (isMainThread) {
  const collector = await GarbageCollector.attach();
  let collections = 0;
  process.on('SIGUSR2', () => {
    void collector.collect().then(() => process.stdout.write(`garbage collected ${++collections}\n`));
  });
}
