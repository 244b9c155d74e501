import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { LabError } from '../errors.ts';

/** What every engine thread is started with, besides data of its own. */
export interface EngineThreadData {
  /** What the thread counts, by a program's own index. */
  readonly figures: SharedArrayBuffer;
  /** One int32: not 0 once the thread shall end. It looks at least every 100 ms. */
  readonly stopFlag: SharedArrayBuffer;
}

/** A datagram engine in a thread of its own, which blocks it: it is told to stop, and read, through shared memory. */
export class EngineThread<Ready> {
  /** What the thread said when it was ready for traffic. */
  readonly ready: Ready;
  readonly figures: Float64Array;
  readonly #stopFlag: Int32Array;
  readonly #ended: Promise<void>;

  private constructor(ready: Ready, figures: Float64Array, stopFlag: Int32Array, ended: Promise<void>) {
    this.ready = ready;
    this.figures = figures;
    this.#stopFlag = stopFlag;
    this.#ended = ended;
  }

  /**
   * @param program the thread's file; its first message is what it has to say once it is ready
   * @param data handed to the thread together with {@link EngineThreadData}
   * @throws {LabError} `ERR_LAB_PROCESS` if the thread ends before it is ready
   */
  static async start<Ready>(program: URL, figureCount: number, data: object): Promise<EngineThread<Ready>> {
    const figures = new SharedArrayBuffer(figureCount * Float64Array.BYTES_PER_ELEMENT);
    const stopFlag = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    const worker = new Worker(program, { workerData: { ...data, figures, stopFlag } });
    const ended = ending(worker);
    // Whoever waits for the end gets the error; until somebody does, it must not end the process.
    ended.catch(() => undefined);
    const ready = await new Promise<Ready>((resolve, reject) => {
      worker.once('message', resolve);
      ended.then(() => reject(new LabError('ERR_LAB_PROCESS', `${program.pathname} ended at its start`)), reject);
    });
    return new EngineThread(ready, new Float64Array(figures), new Int32Array(stopFlag), ended);
  }

  /** Ends the thread and waits for it. Rejects if it failed, now or earlier. */
  async stop(): Promise<void> {
    Atomics.store(this.#stopFlag, 0, 1);
    await this.#ended;
  }
}

/** Rejects with the thread's own error if there is one: `once` does so for the event 'error'. */
async function ending(worker: Worker): Promise<void> {
  const [code] = (await once(worker, 'exit')) as [number];
  if (code !== 0) throw new LabError('ERR_LAB_PROCESS', `a thread of the run ended with code ${code}`);
}
