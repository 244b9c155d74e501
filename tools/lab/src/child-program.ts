import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LabError } from './errors.ts';

/** What the child says to a question: what it is asked for, or why that cannot be had. */
type Answer = { readonly said: unknown } | { readonly failed: string };

const NEVER_MS = 0x7fff_ffff;
/** What a child has to do when its parent is gone may take so long. */
const LEAVING_MS = 5_000;

/** A program of the lab in a process of its own, which is asked one question at a time and answers each. */
export class ChildProgram<Question extends { readonly ask: string }> {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #timeoutMs: number;

  /**
   * @param name as errors call it.
   * @param within what to put in front of its command line, such as `taskset -c 1`.
   */
  constructor(program: URL, name: string, within: readonly string[] = [], timeoutMs = NEVER_MS) {
    const command = [...within, process.execPath, '--conditions=@lightspeed/source', fileURLToPath(program)];
    this.#child = spawn(command[0], command.slice(1), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Tokens, pins and tickets are bytes.
      serialization: 'advanced',
    });
    this.#name = name;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws {LabError} (rejection) if it cannot, ends, or does not answer in time. */
  async ask<Said>(question: Question): Promise<Said> {
    const late = AbortSignal.timeout(this.#timeoutMs);
    const over = new AbortController();
    const signal = AbortSignal.any([late, over.signal]);
    const answer = once(this.#child, 'message', { signal }) as Promise<[Answer]>;
    const exit = once(this.#child, 'exit', { signal }).then((): never => {
      throw new LabError('ERR_LAB_PROCESS', `${this.#name} ended before it could ${question.ask}`);
    });
    try {
      this.#child.send(question);
      const [said] = await Promise.race([answer, exit]);
      if ('failed' in said) throw new LabError('ERR_LAB_PROCESS', `${this.#name} cannot ${question.ask}: ${said.failed}`);
      return said.said as Said;
    } catch (error) {
      if (!late.aborted) throw error;
      throw new LabError('ERR_LAB_TIMEOUT', `${this.#name} did not ${question.ask} within ${this.#timeoutMs} ms`, { cause: error });
    } finally {
      answer.catch(() => undefined);
      exit.catch(() => undefined);
      over.abort();
    }
  }

  /** Ends it, after `graceMs` in which it may end by itself because its parent has left. */
  async stop(graceMs = 0): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    if (graceMs > 0) this.#child.disconnect();
    const late = globalThis.setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    await exited;
    clearTimeout(late);
  }
}

/**
 * The child's side: answers each question with what `answer` resolves to.
 * @param left called when the parent is gone; the process ends then.
 */
export function answerParent<Question>(answer: (question: Question) => Promise<unknown>, left?: () => Promise<void>): void {
  const tell = (said: Answer) => process.send?.(said);
  process.on('message', (question: Question) => {
    answer(question).then(
      (said) => tell({ said }),
      (error: unknown) => tell({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.on('disconnect', () => {
    const end = () => process.exit(0);
    if (left === undefined) end();
    else Promise.race([left(), setTimeout(LEAVING_MS)]).then(end, end);
  });
}
