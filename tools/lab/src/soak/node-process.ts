import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { NodeStats } from '@lightspeed/proxy';
import type { Endpoint } from '@lightspeed/wire';
import { LabError } from '../errors.ts';
import type { LabNodeOptions } from '../lab-node.ts';

/** What the parent asks of a node's process; each question has one answer, in order. */
export type NodeQuestion =
  | { readonly ask: 'start'; readonly options: LabNodeOptions }
  | { readonly ask: 'report'; readonly collectGarbage: boolean }
  | { readonly ask: 'close' };

export interface NodeReport {
  readonly stats: NodeStats;
  /** Resident memory of the whole process, all threads included. */
  readonly rssBytes: number;
}

/** Where a node is reached. */
export interface NodeReady {
  readonly data: Endpoint;
  /** Where clients register, and the pin by which they know it, as text: if they have to. */
  readonly control: Endpoint | undefined;
  readonly pin: string | undefined;
}

/** A node in a process of its own, so that its memory can be measured and a crash would show. */
export class NodeProcess {
  readonly ready: NodeReady;
  readonly #child: ChildProcess;

  private constructor(ready: NodeReady, child: ChildProcess) {
    this.ready = ready;
    this.#child = child;
  }

  static async start(options: LabNodeOptions): Promise<NodeProcess> {
    const child = fork(new URL('./node-main.ts', import.meta.url), {
      execArgv: ['--conditions=@lightspeed/source', '--expose-gc'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    return new NodeProcess(await ask<NodeReady>(child, { ask: 'start', options }), child);
  }

  get address(): Endpoint {
    return this.ready.data;
  }

  /** Whether the process has ended, which it must not before {@link close}. */
  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  report(): Promise<NodeReport> {
    return ask(this.#child, { ask: 'report', collectGarbage: false });
  }

  /** A report after a garbage collection in all threads: what memory is left is really held. */
  reportHeldMemory(): Promise<NodeReport> {
    return ask(this.#child, { ask: 'report', collectGarbage: true });
  }

  async close(): Promise<void> {
    if (this.ended) return;
    const exited = once(this.#child, 'exit');
    this.#child.send({ ask: 'close' } satisfies NodeQuestion);
    await exited;
  }
}

async function ask<Answer>(child: ChildProcess, question: NodeQuestion): Promise<Answer> {
  const settled = new AbortController();
  const answer = once(child, 'message', settled) as Promise<[Answer]>;
  const exit = once(child, 'exit', settled).then((): never => {
    throw new LabError('ERR_LAB_PROCESS', `the node's process has ended with code ${child.exitCode ?? child.signalCode}`);
  });
  try {
    child.send(question);
    return (await Promise.race([answer, exit]))[0];
  } finally {
    answer.catch(() => undefined);
    exit.catch(() => undefined);
    settled.abort();
  }
}
