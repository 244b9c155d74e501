import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { LabError } from './errors.ts';

const KEPT_LINES = 5_000;
const TIMEOUT_MS = 3_000;

/** What must not outlive this process. */
const running = new Set<ForeignProcess>();
process.once('exit', () => {
  for (const left of running) left.abandon();
});

type Child = ChildProcessByStdio<null, Readable, Readable>;

/**
 * A program, with all that it starts: a process group of its own, which is ended as a whole and does not
 * outlive this process. Keeps what it prints.
 */
export class ForeignProcess {
  readonly #name: string;
  readonly #child: Child;
  readonly #lines: string[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #ended: Promise<void>;
  #over = false;

  constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv, folder: string) {
    this.#name = program;
    this.#child = spawn(program, args, { env, cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      createInterface(stream).on('line', (line) => this.#keep(line));
    }
    this.#child.on('error', (error) => this.#keep(error.message));
    running.add(this);
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', () => {
        this.#over = true;
        running.delete(this);
        this.#changed();
        resolve();
      });
    });
  }

  /** Of its first process. @throws {LabError} `ERR_LAB_PROCESS` if it could not be started */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw this.#fault('ERR_LAB_PROCESS', `${this.#name} did not start`);
    return pid;
  }

  get ended(): boolean {
    return this.#over;
  }

  /** What it has printed: the last some thousand lines. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /**
   * The first line that matches, now or later.
   * @throws {LabError} `ERR_LAB_TIMEOUT`, or `ERR_LAB_PROCESS` if the program ends before it prints one
   */
  async line(pattern: RegExp, timeoutMs: number): Promise<string> {
    const untilMs = performance.now() + timeoutMs;
    for (;;) {
      const found = this.#lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (this.#over) throw this.#fault('ERR_LAB_PROCESS', `${this.#name} ended before it printed ${pattern}`);
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) throw this.#fault('ERR_LAB_TIMEOUT', `${this.#name} did not print ${pattern} in ${timeoutMs} ms`);
      await this.#change(leftMs);
    }
  }

  /** Ends the whole group: asks first. */
  async stop(): Promise<void> {
    await this.endedBy('SIGTERM', TIMEOUT_MS);
    // Whatever of the group is left: its leader may be gone before the others.
    this.#signal('SIGKILL');
    await this.#ended;
  }

  /** Ends the whole group as a power cut would. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#ended;
  }

  /** Ends the whole group without waiting for that: this process ends itself. */
  abandon(): void {
    this.#signal('SIGKILL');
  }

  /** Sends a signal and waits for the end. @returns whether it came in time */
  async endedBy(signal: NodeJS.Signals, timeoutMs: number): Promise<boolean> {
    this.#signal(signal);
    const late = new AbortController();
    await Promise.race([this.#ended, setTimeout(timeoutMs, undefined, late)]);
    late.abort();
    return this.#over;
  }

  #fault(code: 'ERR_LAB_PROCESS' | 'ERR_LAB_TIMEOUT', message: string): LabError {
    return new LabError(code, `${message}; its last words:\n${this.#lines.slice(-10).join('\n')}`);
  }

  #keep(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#listeners.delete(done);
        resolve();
      };
      const timer = globalThis.setTimeout(done, timeoutMs);
      this.#listeners.add(done);
    });
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // The group is gone.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
}
