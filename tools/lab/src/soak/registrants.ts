import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Endpoint } from '@lightspeed/wire';
import { LabError } from '../errors.ts';

export interface RegistrantsPlan {
  readonly control: Endpoint;
  readonly pin: string;
  readonly clients: number;
  /** What lets them in, where the node wants that. */
  readonly ticket?: Uint8Array;
  /** How many do so at the same time; all of them when left out. */
  readonly atOnce?: number;
}

/** What a node has given a client: with it, packets can be sent from any socket. */
export interface RegisteredSession {
  readonly sessionId: number;
  readonly token: number;
  readonly secret: Uint8Array;
}

export type RegistrantsQuestion =
  { readonly ask: 'register'; readonly plan: RegistrantsPlan } | { readonly ask: 'leave' } | { readonly ask: 'hang-up' };

export interface RegistrantsReport {
  /** When each of those was registered that are, since the start of all, ascending. */
  readonly tookMs: readonly number[];
  /** In the same order. They last until {@link Registrants.leave} or {@link Registrants.stop}. */
  readonly sessions: readonly RegisteredSession[];
  /** Why others are not, or are no longer. */
  readonly failures: readonly string[];
}

/** Many clients in a process of their own that register, stay connected, and send Pings as real ones do. */
export class Registrants {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(new URL('./registrants-main.ts', import.meta.url), {
      execArgv: ['--conditions=@lightspeed/source'],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  /** May be called again, for more clients. */
  register(plan: RegistrantsPlan): Promise<RegistrantsReport> {
    return this.#ask({ ask: 'register', plan });
  }

  async leave(): Promise<void> {
    await this.#ask({ ask: 'leave' });
  }

  /**
   * Closes all control connections and says nothing about it: sessions go on as long as the node gives them grace.
   * @throws {LabError} (rejection) `ERR_LAB_PROCESS` if some had been lost before
   */
  async hangUp(): Promise<void> {
    const { failures } = await this.#ask({ ask: 'hang-up' });
    if (failures.length > 0) throw new LabError('ERR_LAB_PROCESS', `control connections were lost: ${failures.join('; ')}`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  async #ask(question: RegistrantsQuestion): Promise<RegistrantsReport> {
    const over = new AbortController();
    const answer = once(this.#child, 'message', over) as Promise<[RegistrantsReport]>;
    const exit = once(this.#child, 'exit', over).then((): never => {
      throw new LabError('ERR_LAB_PROCESS', `the process of the clients ended before it could ${question.ask}`);
    });
    try {
      this.#child.send(question);
      return (await Promise.race([answer, exit]))[0];
    } finally {
      answer.catch(() => undefined);
      exit.catch(() => undefined);
      over.abort();
    }
  }
}
