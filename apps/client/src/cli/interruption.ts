import type { Terminal } from './terminal.ts';

/** Ctrl-C, `kill`, a terminal that is closed, Ctrl-\, and Ctrl-Break of Windows: after each of them the node hears a goodbye. */
const ENDS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGBREAK'] as const;
/**
 * A package manager passes Ctrl-C on to the program that it runs, which has it from the terminal already. So one that comes as
 * soon as this is not another one.
 */
const SAME_MS = 1_000;

/** What an {@link Interruption} takes of the process. */
export interface InterruptedProcess {
  readonly nowMs: () => number;
  /** Lets a signal have its usual effect. */
  readonly kill: (signal: NodeJS.Signals) => void;
}

const THIS_PROCESS: InterruptedProcess = {
  nowMs: () => performance.now(),
  kill: (signal) => void process.kill(process.pid, signal),
};

/** Resolves when the user wants to end: by a signal, or because nobody reads the output any more. */
export class Interruption {
  readonly asked: Promise<void>;
  /** Aborted when the user wants to end. */
  readonly signal: AbortSignal;
  readonly #abort = new AbortController();
  readonly #process: InterruptedProcess;
  #askedMs: number | undefined;
  readonly #onSignal = (signal: NodeJS.Signals) => this.#interrupted(signal);

  constructor(terminal: Terminal, interrupted: InterruptedProcess = THIS_PROCESS) {
    this.#process = interrupted;
    this.signal = this.#abort.signal;
    this.asked = new Promise((resolve) => this.signal.addEventListener('abort', () => resolve(), { once: true }));
    for (const signal of ENDS) process.on(signal, this.#onSignal);
    terminal.onGone(() => this.#ask());
  }

  /** Lets signals end the program at once again. */
  release(): void {
    for (const signal of ENDS) process.off(signal, this.#onSignal);
  }

  /** As {@link release}: for `using`. */
  [Symbol.dispose](): void {
    this.release();
  }

  #interrupted(signal: NodeJS.Signals): void {
    if (this.#askedMs !== undefined && this.#process.nowMs() - this.#askedMs >= SAME_MS) {
      // A second Ctrl-C is for who cannot wait.
      this.release();
      this.#process.kill(signal);
      return;
    }
    this.#ask();
  }

  #ask(): void {
    this.#askedMs ??= this.#process.nowMs();
    this.#abort.abort();
  }
}
