import { setTimeout } from 'node:timers/promises';
import type { Endpoint } from '@lightspeed/wire';
import { startChild } from '../child-program.ts';
import type { Remote } from '../child-program.ts';
import { count, sumOf } from '../figures.ts';
import { TemporaryFolder } from '../leftovers.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import { NodeProgram } from '../node-program.ts';
import type { NodeProgramOptions } from '../node-program.ts';
import type { Attacks } from './attacks-main.ts';

const LOOK_EVERY_MS = 100;
const TELL_EVERY_MS = 1_000;

/** Starts a node for a run: it keeps to loopback, and its garbage can be collected. Ends with what it is started in. */
export async function startSoakNode(
  started: AsyncDisposableStack,
  allow: readonly Endpoint[],
  admission: Pick<NodeProgramOptions, 'issuer' | 'admit' | 'sessionTimeoutSecs'>,
): Promise<NodeProgram> {
  const { path: stateDir } = started.use(await TemporaryFolder.open());
  const options = { allow, egressIp: LOOPBACK, stateDir, collectsGarbage: admission.admit === 'anybody', ...admission };
  return started.use(await NodeProgram.start(options));
}

/** Starts a process that attacks a node. Ends with what it is started in. */
export function startAttacker(started: AsyncDisposableStack, name: string): Remote<Attacks> {
  return started.use(startChild<Attacks>({ program: new URL('./attacks-main.ts', import.meta.url), name }));
}

/**
 * Waits until `done` says true, and calls `tell` once a second meanwhile.
 * @returns whether it did within `timeoutMs`
 */
export async function watch(done: () => boolean | Promise<boolean>, timeoutMs: number, tell: () => void): Promise<boolean> {
  const startMs = performance.now();
  let toldMs = startMs;
  while (!(await done())) {
    const nowMs = performance.now();
    if (nowMs - startMs > timeoutMs) return false;
    if (nowMs - toldMs >= TELL_EVERY_MS) {
      toldMs = nowMs;
      tell();
    }
    await setTimeout(LOOK_EVERY_MS);
  }
  return true;
}

/** What a node's metrics say, with `lightspeed_` in front of every name; 0 for what they do not say. */
export class NodeMetrics {
  readonly #values: ReadonlyMap<string, number>;

  constructor(values: ReadonlyMap<string, number>) {
    this.#values = values;
  }

  static async of(node: NodeProgram): Promise<NodeMetrics> {
    return new NodeMetrics(await node.metrics());
  }

  /** @param labels as they are written: `kind="data"`. */
  value(name: string, labels = ''): number {
    return this.#values.get(`lightspeed_${name}${labels === '' ? '' : `{${labels}}`}`) ?? 0;
  }

  /** Of all samples of a name whose labels begin with these. */
  samples(name: string, labels = ''): [labels: string, value: number][] {
    const start = `lightspeed_${name}{${labels}`;
    const found = [...this.#values].filter(([key]) => key.startsWith(start));
    return found.map(([key, value]) => [key.slice(start.length, -1), value]);
  }

  sum(name: string, labels = ''): number {
    return sumOf(this.samples(name, labels), ([, value]) => value);
  }

  /** What it dropped that came from `client` or `server`, by reason. */
  drops(direction: 'client' | 'server'): string {
    const some = this.samples('dropped_packets_total', `direction="${direction}",reason=`).filter(([, value]) => value > 0);
    return some.length === 0 ? 'none' : some.map(([reason, value]) => `${reason.replaceAll('"', '')} ${count(value)}`).join(', ');
  }
}
