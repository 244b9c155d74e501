import type { Logger } from 'pino';

/** Lines within a period; what is refused beyond them is counted only. */
const MOST_LINES = 20;
const PERIOD_MS = 60_000;

/** Writes who was refused and why: not a line for each when there are very many, or strangers could fill the disk with them. */
export class RefusalLog {
  readonly #log: Logger;
  #beganMs = -Infinity;
  #lines = 0;
  #unsaid = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  note(client: string, why: string, nowMs: number): void {
    this.sumUp(nowMs);
    if (this.#lines === 0) this.#beganMs = nowMs;
    if (this.#lines === MOST_LINES) {
      this.#unsaid++;
      return;
    }
    this.#lines++;
    this.#log.info({ client, why }, 'a client was refused');
  }

  /** To be called now and then: says how many were not written down, when a period is over. */
  sumUp(nowMs: number): void {
    if (nowMs - this.#beganMs < PERIOD_MS) return;
    if (this.#unsaid > 0) this.#log.info({ clients: this.#unsaid, seconds: PERIOD_MS / 1_000 }, 'more clients were refused');
    this.#lines = 0;
    this.#unsaid = 0;
  }
}
