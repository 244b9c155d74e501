import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Endpoint } from '@lightspeed/wire';
import { LabError } from '../errors.ts';
import type { AgentQuestion, EchoSources, PlayerReport, PlayerStart, PlayersPlan } from './agent-messages.ts';
import type { Namespace } from './namespace.ts';
import type { ProbePlan, ProbeReport } from './probe.ts';

const MAIN = fileURLToPath(new URL('./agent-main.ts', import.meta.url));
const ANSWER_MS = 90_000;
const CLOSE_MS = 6_000;

type Answer = { readonly said: unknown } | { readonly failed: string };

/** The lab's own program on a machine of its own: players, or a game server. */
export class Agent {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static start(machine: Namespace): Agent {
    const [program, ...before] = machine.within;
    const child = spawn(program, [...before, process.execPath, '--conditions=@lightspeed/source', MAIN], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // Pins and tickets are bytes.
      serialization: 'advanced',
    });
    return new Agent(child);
  }

  /** Sends back whatever comes to an address. */
  async echo(at: Endpoint): Promise<void> {
    await this.#ask({ ask: 'echo', at });
  }

  /** Whom the echo has answered, and how often. */
  async sources(): Promise<EchoSources> {
    return (await this.#ask({ ask: 'sources' })) as EchoSources;
  }

  /** Resolves when all of them play. */
  async play(plan: PlayersPlan): Promise<readonly PlayerStart[]> {
    return (await this.#ask({ ask: 'play', plan })) as PlayerStart[];
  }

  /** Has all players count from here. @returns what there was before, some time for the last answers included */
  async mark(): Promise<readonly PlayerReport[]> {
    return (await this.#ask({ ask: 'mark' })) as PlayerReport[];
  }

  /** Ends the games, waits for the last answers. The tunnels stay. */
  async finish(): Promise<readonly PlayerReport[]> {
    return (await this.#ask({ ask: 'finish' })) as PlayerReport[];
  }

  /** Has it register at a node and play, once. */
  async probe(plan: ProbePlan): Promise<ProbeReport> {
    return (await this.#ask({ ask: 'probe', plan })) as ProbeReport;
  }

  /** Asks it to end, and sees to it that it does. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.send({ ask: 'close' } satisfies AgentQuestion);
    const late = setTimeout(() => this.#child.kill('SIGKILL'), CLOSE_MS);
    await exited;
    clearTimeout(late);
  }

  async #ask(question: AgentQuestion): Promise<unknown> {
    const settled = AbortSignal.timeout(ANSWER_MS);
    const over = new AbortController();
    const signal = AbortSignal.any([settled, over.signal]);
    const message = once(this.#child, 'message', { signal }) as Promise<[Answer]>;
    const exit = once(this.#child, 'exit', { signal }).then((): never => {
      throw new LabError('ERR_LAB_PROCESS', `a machine's program ended before it could ${question.ask}`);
    });
    try {
      this.#child.send(question);
      const [answer] = await Promise.race([message, exit]);
      if ('failed' in answer) throw new LabError('ERR_LAB_PROCESS', `a machine cannot ${question.ask}: ${answer.failed}`);
      return answer.said;
    } catch (error) {
      if (!settled.aborted) throw error;
      throw new LabError('ERR_LAB_TIMEOUT', `a machine did not ${question.ask} within ${ANSWER_MS} ms`, { cause: error });
    } finally {
      message.catch(() => undefined);
      exit.catch(() => undefined);
      over.abort();
    }
  }
}
