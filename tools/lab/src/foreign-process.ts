import { execFile, spawn } from 'node:child_process';
import type { ChildProcess, Serializable } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { LabError } from './errors.ts';
import type { LabErrorCode } from './errors.ts';
import { atEnd } from './leftovers.ts';

const KEPT_LINES = 5_000;
const STOP_MS = 3_000;
const COMMAND_MS = 10_000;

/**
 * A program, with all that it starts: a process group of its own, which is ended as a whole. It does not outlive this
 * process, however that ends. Keeps what it prints.
 */
export class ForeignProcess implements AsyncDisposable {
  /** What it has printed: the last some thousand lines. */
  readonly lines: string[] = [];
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #changes = new EventEmitter();
  readonly #ended: Promise<void>;
  #over = false;

  /** @param talker how errors call it, if it is a program of Node's that takes and sends messages */
  constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv, folder?: string, talker?: string) {
    this.#name = talker ?? program;
    // Tokens, pins and tickets are bytes.
    const how = { env, cwd: folder, detached: true, serialization: 'advanced' } as const;
    this.#child = spawn(program, args, { ...how, stdio: ['ignore', 'pipe', 'pipe', talker === undefined ? 'ignore' : 'ipc'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface(stream).on('line', (line) => this.#keep(line));
    }
    this.#child.on('error', (error) => this.#keep(error.message));
    const forget = atEnd(`kill -KILL -${this.#child.pid}`);
    this.#ended = once(this.#child, 'close').then(() => {
      this.#over = true;
      forget();
      this.#changes.emit('change');
    });
  }

  /** Of its first process. @throws {LabError} `ERR_LAB_PROCESS` if it could not be started */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw this.#fault('ERR_LAB_PROCESS', 'did not start');
    return pid;
  }

  get ended(): boolean {
    return this.#over;
  }

  /**
   * The first line that matches, now or later.
   * @throws {LabError} `ERR_LAB_TIMEOUT`, or `ERR_LAB_PROCESS` if the program ends before it prints one
   */
  async line(pattern: RegExp, timeoutMs: number): Promise<string> {
    const signal = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (this.#over) throw this.#fault('ERR_LAB_PROCESS', `ended before it printed ${pattern}`);
      if (signal.aborted) throw this.#fault('ERR_LAB_TIMEOUT', `did not print ${pattern} in ${timeoutMs} ms`);
      await once(this.#changes, 'change', { signal }).catch(() => undefined);
    }
  }

  /** Sends a message to a program that talks. @returns the next one of its own @throws {LabError} as {@link line} does */
  async exchange(message: Serializable, timeoutMs: number): Promise<unknown> {
    const over = new AbortController();
    const answer = once(this.#child, 'message', over);
    try {
      this.#child.send(message);
      const found = await Promise.race([answer, this.#ended, setTimeout(timeoutMs, 'late', over)]);
      if (found === undefined) throw this.#fault('ERR_LAB_PROCESS', 'ended before it answered');
      if (found === 'late') throw this.#fault('ERR_LAB_TIMEOUT', `did not answer in ${timeoutMs} ms`);
      return found[0];
    } finally {
      over.abort();
    }
  }

  /** Waits for the end. @returns the exit code of its first process; null after a signal */
  async exitCode(): Promise<number | null> {
    await this.#ended;
    return this.#child.exitCode;
  }

  /** Ends the whole group as a power cut would. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#ended;
  }

  /** Sends a signal and waits for the end. @returns whether it came in time */
  async endedBy(signal: NodeJS.Signals, timeoutMs: number): Promise<boolean> {
    this.#signal(signal);
    const late = new AbortController();
    await Promise.race([this.#ended, setTimeout(timeoutMs, undefined, late)]);
    late.abort();
    return this.#over;
  }

  /** Ends the whole group: asks first. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.endedBy('SIGTERM', STOP_MS);
    // Whatever of the group is left: its leader may be gone before the others.
    await this.kill();
  }

  #fault(code: LabErrorCode, what: string): LabError {
    return new LabError(code, `${this.#name} ${what}; its last words:\n${this.lines.slice(-10).join('\n')}`);
  }

  #keep(line: string): void {
    this.lines.push(line);
    if (this.lines.length > KEPT_LINES) this.lines.shift();
    this.#changes.emit('change');
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

/**
 * Runs a program of the system to its end. @returns what it printed
 * @throws {LabError} `ERR_LAB_PROCESS` (rejection) with what it said, if it failed or there is none
 */
export function command(program: string, args: readonly string[], input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { timeout: COMMAND_MS }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const said = stderr.trim() === '' ? error.message : stderr.trim();
      reject(new LabError('ERR_LAB_PROCESS', `${program} ${args.join(' ')}: ${said.split('\n')[0]}`, { cause: error }));
    });
    child.stdin?.end(input);
  });
}
