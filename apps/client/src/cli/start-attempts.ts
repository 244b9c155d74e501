import { setTimeout as pause } from 'node:timers/promises';
import { ClientError } from '../base/errors.ts';
import type { Terminal } from './terminal.ts';

/** So long a start is tried again: as long as a node has to answer. */
const START_MS = 10_000;
const PAUSE_MS = 500;

/** What {@link StartAttempts} take of the clock. */
export interface AttemptClock {
  readonly nowMs: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

const CLOCK: AttemptClock = {
  nowMs: () => performance.now(),
  pause: (ms, signal) => pause(ms, undefined, { signal }).catch(() => undefined),
};

/**
 * Starts what needs a network that may not be there yet: an uplink is not plugged in, or the name service does not answer. A live
 * line says on what it waits. Off a terminal a line says it once for each reason. With JSON it is an object with event `waiting`.
 */
export class StartAttempts {
  readonly #terminal: Terminal;
  readonly #signal: AbortSignal;
  readonly #clock: AttemptClock;
  readonly #endMs: number;
  #told = '';

  /** @param signal aborted when the user wants to end: then nothing is tried again. */
  constructor(terminal: Terminal, signal: AbortSignal, clock = CLOCK) {
    this.#terminal = terminal;
    this.#signal = signal;
    this.#clock = clock;
    this.#endMs = clock.nowMs() + START_MS;
  }

  /** @throws whatever the last attempt threw: when the time is over, or at once if it would not pass. */
  async run<T>(start: () => Promise<T>): Promise<T> {
    try {
      for (;;) {
        try {
          return await start();
        } catch (thrown) {
          const leftMs = this.#endMs - this.#clock.nowMs();
          if (!(thrown instanceof ClientError) || !thrown.mayPass || leftMs <= 0 || this.#signal.aborted) throw thrown;
          this.#tell(thrown, leftMs);
          await this.#clock.pause(Math.min(PAUSE_MS, leftMs), this.#signal);
          if (this.#signal.aborted) throw thrown;
        }
      }
    } finally {
      this.#terminal.endLive();
    }
  }

  #tell({ code, message }: ClientError, leftMs: number): void {
    const terminal = this.#terminal;
    const text = `trying again for ${Math.ceil(leftMs / 1_000)} s: ${message}`;
    if (terminal.isInteractive && !terminal.isForPrograms) return terminal.live(text);
    if (message === this.#told) return;
    this.#told = message;
    if (terminal.isForPrograms) terminal.json({ event: 'waiting', code, message, leftMs: Math.round(leftMs) });
    else terminal.line(text);
  }
}
