import { setTimeout } from 'node:timers/promises';
import { answerParent } from '../../../src/child-program.ts';
import { NodeMetrics } from '../../../src/node-metrics.ts';

const LOOK_MS = 10;

/** A metric as it was seen last, and when that was: in milliseconds since 1970. */
export interface Seen {
  readonly value: number;
  readonly atMs: number;
}

async function metrics(url: string): Promise<NodeMetrics> {
  return new NodeMetrics(await (await fetch(url)).text());
}

const program = {
  /** What a metric of a node says; 0 if there is none. */
  metric: async (url: string, name: string): Promise<number> => (await metrics(url)).value(name),
  /** Looks often until a metric has come so far, or for so long. */
  until: async (url: string, name: string, value: number, timeoutMs: number): Promise<Seen> => {
    const endMs = Date.now() + timeoutMs;
    for (;;) {
      const seen = { value: (await metrics(url)).value(name), atMs: Date.now() };
      if (seen.value >= value || seen.atMs > endMs) return seen;
      await setTimeout(LOOK_MS);
    }
  },
};

/** Who watches a node from its own machine. */
export type WatcherProgram = typeof program;

answerParent(program);
