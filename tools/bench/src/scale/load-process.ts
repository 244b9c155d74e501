import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadAnswer, LoadTask } from './load-messages.ts';

const ENTRY = fileURLToPath(new URL('./load-main.ts', import.meta.url));

/** A process with some of the sessions' clients and game servers: one alone may not open as many sockets as that takes. */
export class LoadProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  constructor() {
    this.#child = fork(ENTRY, [], {
      execArgv: ['--conditions=@lightspeed/source'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#ended = new Promise((_resolve, reject) => {
      this.#child.once('exit', (code) => reject(new Error(`a load process ended with code ${code}`)));
    });
    // Whoever waits for a task learns of it; after the last one nobody does.
    this.#ended.catch(() => undefined);
  }

  run(task: LoadTask): Promise<LoadAnswer> {
    const answered = new Promise<LoadAnswer>((resolve) => {
      this.#child.once('message', (answer) => resolve(answer as LoadAnswer));
    });
    this.#child.send(task);
    return Promise.race([answered, this.#ended]);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.disconnect();
    await gone;
  }
}
