import { setTimeout } from 'node:timers/promises';
import { Registrant } from '../load/registrant.ts';
import type { RegistrantPlan } from '../load/registrant.ts';

/** How clients fared that came one after the other. */
export interface NewcomersReport {
  readonly registered: number;
  /** Why others were not, one line each. */
  readonly failures: readonly string[];
  /** Of those that were, ascending. */
  readonly tookMs: readonly number[];
}

/** Clients that register, one after the other with a pause between them, and leave at once. */
export class Newcomers {
  readonly #plan: RegistrantPlan;
  readonly #pauseMs: number;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #tookMs: number[] = [];
  #failures: string[] = [];

  constructor(plan: RegistrantPlan, pauseMs: number) {
    this.#plan = plan;
    this.#pauseMs = pauseMs;
    this.#ended = this.#come();
  }

  /** Counts anew from here. @returns what there was since the last time */
  mark(): NewcomersReport {
    const tookMs = this.#tookMs.toSorted((a, b) => a - b);
    const report = { registered: tookMs.length, failures: this.#failures, tookMs };
    this.#tookMs = [];
    this.#failures = [];
    return report;
  }

  /** Resolves when the last one has left. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #come(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const startedMs = performance.now();
      try {
        const registrant = await Registrant.register(this.#plan);
        this.#tookMs.push(performance.now() - startedMs);
        await registrant.leave();
      } catch (error) {
        this.#failures.push(error instanceof Error ? error.message : String(error));
      }
      await setTimeout(this.#pauseMs);
    }
  }
}
