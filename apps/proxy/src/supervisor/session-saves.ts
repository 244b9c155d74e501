import type { SavedSession } from '@lightspeed/session'
import type { WorkerSlot } from './worker-slot.ts'

/** A session, with the number of the worker that has it. */
export interface SavedByWorker {
  readonly worker: number
  readonly session: SavedSession
}

/** A worker answers within milliseconds; one that does not is stuck, or about to crash. */
const PATIENCE_MS = 1_000

interface Request {
  readonly waitingFor: Set<WorkerSlot>
  readonly sessions: SavedByWorker[]
  readonly done: () => void
}

/** Asks workers for their sessions, and puts the answers together. */
export class SessionSaves {
  readonly #requests = new Map<number, Request>()
  #next = 0

  async request(workers: readonly WorkerSlot[]): Promise<readonly SavedByWorker[]> {
    const number = this.#next++
    const answered = Promise.withResolvers<undefined>()
    const sessions: Request['sessions'] = []
    this.#requests.set(number, {
      waitingFor: new Set(workers),
      sessions,
      done: () => answered.resolve(undefined),
    })
    if (workers.length === 0) answered.resolve(undefined)
    for (const worker of workers) worker.post({ type: 'save', request: number })
    const patience = setTimeout(() => answered.resolve(undefined), PATIENCE_MS)
    await answered.promise
    clearTimeout(patience)
    this.#requests.delete(number)
    return sessions
  }

  answered(worker: WorkerSlot, number: number, sessions: readonly SavedSession[]): void {
    const request = this.#requests.get(number)
    if (request === undefined) return
    for (const session of sessions) request.sessions.push({ worker: worker.index, session })
    settle(request, worker)
  }

  /** A worker will not answer any more. */
  gone(worker: WorkerSlot): void {
    for (const request of this.#requests.values()) settle(request, worker)
  }

  /** Nobody will answer any more. */
  stop(): void {
    for (const { done } of this.#requests.values()) done()
  }
}

function settle({ waitingFor, done }: Request, worker: WorkerSlot): void {
  waitingFor.delete(worker)
  if (waitingFor.size === 0) done()
}
