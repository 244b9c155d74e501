import type { ToWorker } from '../data-plane/messages.ts';
import type { Answer, WorkerSlot } from './worker-slot.ts';

/** A worker answers, or goes on to answer, within milliseconds; one that does not is stuck, or about to crash. */
const TIMEOUT_MS = 1_000;

interface Request {
  readonly waitingFor: Set<WorkerSlot>;
  readonly answered: Set<WorkerSlot>;
  readonly take: (answer: Answer) => void;
  readonly done: () => void;
  readonly timeout: NodeJS.Timeout;
}

/** Asks several workers something, and waits until all have answered. */
export class WorkerRequests {
  readonly #requests = new Map<number, Request>();
  #next = 0;

  /**
   * @param workers all of them: one that starts is told, too, but not waited for.
   * @param message to be sent to each, with the request's number in it.
   * @param take gets every answer, or part of one.
   * @returns those that have answered, when the others are gone or have kept it waiting for too long.
   */
  async ask(
    workers: readonly WorkerSlot[],
    message: (request: number, worker: WorkerSlot) => ToWorker,
    take: (answer: Answer) => void = () => undefined,
  ): Promise<ReadonlySet<WorkerSlot>> {
    const serving = workers.filter(({ state }) => state === 'serving');
    const number = this.#next++;
    const settled = Promise.withResolvers<undefined>();
    const answered = new Set<WorkerSlot>();
    const done = () => settled.resolve(undefined);
    const timeout = setTimeout(done, TIMEOUT_MS);
    this.#requests.set(number, { waitingFor: new Set(serving), answered, take, done, timeout });
    for (const worker of workers) worker.post(message(number, worker));
    if (serving.length === 0) done();
    await settled.promise;
    clearTimeout(timeout);
    this.#requests.delete(number);
    return answered;
  }

  /** Asks for how many milliseconds clients have sent nothing. @returns that by session id; those that no worker tells of are not in it. */
  async askIdle(workers: readonly WorkerSlot[], sessionIds: readonly number[]): Promise<ReadonlyMap<number, number>> {
    const found = new Map<number, number>();
    const take = (answer: Answer) => {
      if (answer.type !== 'idle') return;
      for (const [place, idleMs] of answer.idleMs.entries()) if (idleMs >= 0) found.set(sessionIds[place], idleMs);
    };
    await this.ask(workers, (request) => ({ type: 'idle', request, sessionIds }), take);
    return found;
  }

  /** @param isLast whether that is all: an answer may come in parts. */
  answered(worker: WorkerSlot, answer: Answer, isLast = true): void {
    const request = this.#requests.get(answer.request);
    if (request === undefined) return;
    request.take(answer);
    request.timeout.refresh();
    if (!isLast) return;
    request.answered.add(worker);
    settle(request, worker);
  }

  /** A worker will not answer any more. */
  gone(worker: WorkerSlot): void {
    for (const request of this.#requests.values()) settle(request, worker);
  }

  /** Nobody will answer any more. */
  stop(): void {
    for (const { done } of this.#requests.values()) done();
  }
}

function settle({ waitingFor, done }: Request, worker: WorkerSlot): void {
  waitingFor.delete(worker);
  if (waitingFor.size === 0) done();
}
