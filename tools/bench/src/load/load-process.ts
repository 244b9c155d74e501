import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { RegisteredSession } from '@lightspeed/lab';
import { BenchError } from '../bench-error.ts';
import type { LoadAnswer, LoadQuestion, LoadTarget, WindowPlan } from './load-messages.ts';
import type { WindowResult } from './window-run.ts';

/** The load generator in a process of its own. */
export class LoadProcess {
  readonly #child: ChildProcess;

  /** @param within what to put in front of its command line, such as `taskset -c 1`. */
  constructor(within: readonly string[]) {
    const program = new URL('./load-main.ts', import.meta.url).pathname;
    const command = [...within, process.execPath, '--conditions=@lightspeed/source', program];
    this.#child = spawn(command[0], command.slice(1), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
  }

  async openSockets(clients: number, sourceIps: readonly number[], serverIp: number) {
    const answer = await this.#ask({ ask: 'sockets', clients, sourceIps, serverIp });
    if (answer.answer !== 'sockets') throw unexpected(answer);
    return answer;
  }

  async tellSessions(name: string, registered: readonly RegisteredSession[]): Promise<void> {
    await this.#ask({ ask: 'sessions', name, registered });
  }

  /** Has all clients of a target let in, again if that lasts only for a time. @returns how many are */
  async open(target: LoadTarget): Promise<number> {
    const answer = await this.#ask({ ask: 'open', target });
    if (answer.answer !== 'open') throw unexpected(answer);
    return answer.open;
  }

  async window(target: LoadTarget, plan: WindowPlan): Promise<WindowResult> {
    const answer = await this.#ask({ ask: 'window', target, plan });
    if (answer.answer !== 'window') throw unexpected(answer);
    return answer.result;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  async #ask(question: LoadQuestion): Promise<LoadAnswer> {
    const over = new AbortController();
    const answer = once(this.#child, 'message', over) as Promise<[LoadAnswer]>;
    const exit = once(this.#child, 'exit', over).then((): never => {
      throw new BenchError('ERR_BENCH_PROCESS', `the load generator ended before it had answered '${question.ask}'`);
    });
    try {
      this.#child.send(question);
      const [said] = await Promise.race([answer, exit]);
      if (said.answer === 'error') throw new BenchError('ERR_BENCH_PROCESS', `the load generator: ${said.message}`);
      return said;
    } finally {
      answer.catch(() => undefined);
      exit.catch(() => undefined);
      over.abort();
    }
  }
}

function unexpected({ answer }: LoadAnswer): BenchError {
  return new BenchError('ERR_BENCH_PROCESS', `the load generator has answered '${answer}' to another question`);
}
