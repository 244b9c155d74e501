import type { Logger } from 'pino';

/** Lines within a period; what happens beyond them is counted only. */
const MAX_LINES = 20;
const PERIOD_MS = 60_000;

/** How a {@link LimitedLog} says things. */
export interface LimitedLines {
  readonly level: 'info' | 'warn';
  /** The text of a line about one client. */
  readonly one: string;
  /** The text of the line with the number of those that got none. */
  readonly more: string;
}

/**
 * Logs what strangers cause, client by client. When there are very many, not each gets a line, or they could fill the
 * disk.
 */
export class LimitedLog {
  readonly #log: Logger;
  readonly #lines: LimitedLines;
  #written = 0;
  #unsaid = 0;
  /** Runs while a period does. */
  #period: NodeJS.Timeout | undefined;

  constructor(log: Logger, lines: LimitedLines) {
    this.#log = log;
    this.#lines = lines;
  }

  note(client: string, more: Readonly<Record<string, unknown>>): void {
    this.#period ??= setTimeout(() => this.end(), PERIOD_MS).unref();
    if (this.#written === MAX_LINES) {
      this.#unsaid++;
      return;
    }
    this.#written++;
    this.#log[this.#lines.level]({ client, ...more }, this.#lines.one);
  }

  /** Ends the period, and says how many were not written down. */
  end(): void {
    clearTimeout(this.#period);
    this.#period = undefined;
    const clients = this.#unsaid;
    this.#written = 0;
    this.#unsaid = 0;
    if (clients > 0) this.#log[this.#lines.level]({ clients, withinSeconds: PERIOD_MS / 1_000 }, this.#lines.more);
  }
}
