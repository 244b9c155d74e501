import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { LabError } from '../errors.ts';
import type { GarbagePlan, GarbageQuestion, GarbageReport } from './garbage-plan.ts';

/** A hostile peer in a process of its own. */
export class GarbagePeer {
  readonly plan: GarbagePlan;
  readonly #child: ChildProcess;

  private constructor(plan: GarbagePlan, child: ChildProcess) {
    this.plan = plan;
    this.#child = child;
  }

  static start(plan: GarbagePlan): GarbagePeer {
    const child = fork(new URL('./garbage-peer-main.ts', import.meta.url), {
      execArgv: ['--conditions=@lightspeed/source'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.send({ ask: 'start', plan } satisfies GarbageQuestion);
    return new GarbagePeer(plan, child);
  }

  get #over(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Has it stop, and tell what it has done. */
  async stop(): Promise<GarbageReport> {
    const settled = new AbortController();
    const answer = once(this.#child, 'message', settled) as Promise<[GarbageReport]>;
    const exit = once(this.#child, 'exit', settled).then((): never => {
      throw new LabError('ERR_LAB_PROCESS', `the hostile peer '${this.plan.kind}' has ended by itself`);
    });
    try {
      if (!this.#over) this.#child.send({ ask: 'stop' } satisfies GarbageQuestion);
      return (await Promise.race([answer, exit]))[0];
    } finally {
      answer.catch(() => undefined);
      exit.catch(() => undefined);
      settled.abort();
    }
  }

  async kill(): Promise<void> {
    if (this.#over) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
