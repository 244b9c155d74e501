import type { Terminal } from './terminal.ts';

/** Resolves when the user wants to end: Ctrl-C, SIGTERM, or nobody reads the output any more. */
export class Interruption {
  readonly asked: Promise<void>;
  #resolve: () => void = () => undefined;
  readonly #onSignal = () => this.#ask();

  constructor(terminal: Terminal) {
    this.asked = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
    terminal.onGone(this.#onSignal);
  }

  /** Lets signals end the program at once again. */
  release(): void {
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
  }

  #ask(): void {
    // A second Ctrl-C is for who cannot wait.
    this.release();
    this.#resolve();
  }
}
