import type { Endpoint } from '@lightspeed/wire';
import { ChildProgram } from '../child-program.ts';
import { LabError } from '../errors.ts';

/** Which node registers how many clients. */
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

/** What the process of the registrants is asked to do. */
export type RegistrantsQuestion =
  { readonly ask: 'register'; readonly plan: RegistrantsPlan } | { readonly ask: 'leave' } | { readonly ask: 'hang up' };

/** What has come of the registrations. */
export interface RegistrantsReport {
  /** When each of those was registered that are, since the start of all, ascending. */
  readonly tookMs: readonly number[];
  /** In the same order. They last until {@link Registrants.leave} or {@link Registrants.stop}. */
  readonly sessions: readonly RegisteredSession[];
  /** Why others are not. */
  readonly failures: readonly string[];
}

/** Many clients in a process of their own that register, stay connected, and send Pings as real ones do. */
export class Registrants {
  readonly #child = new ChildProgram<RegistrantsQuestion>(new URL('./registrants-main.ts', import.meta.url), 'the process of the clients');

  /** May be called again, for more clients. */
  register(plan: RegistrantsPlan): Promise<RegistrantsReport> {
    return this.#child.ask({ ask: 'register', plan });
  }

  async leave(): Promise<void> {
    await this.#child.ask({ ask: 'leave' });
  }

  /**
   * Closes all control connections and says nothing about it: sessions go on as long as the node gives them grace.
   * @throws {LabError} (rejection) `ERR_LAB_PROCESS` if some had been lost before
   */
  async hangUp(): Promise<void> {
    const lost = await this.#child.ask<readonly string[]>({ ask: 'hang up' });
    if (lost.length > 0) throw new LabError('ERR_LAB_PROCESS', `control connections were lost: ${lost.join('; ')}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async stop(): Promise<void> {
    await this.#child.stop();
  }
}
