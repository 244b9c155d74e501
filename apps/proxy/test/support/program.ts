import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { eventually } from './eventually.ts';

/** The program's first module. */
export const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How it has ended, and what it has said. */
export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How the process is made. */
export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly limits?: string;
  /** What is run in place of the program, and runs it itself. */
  readonly main?: string;
}

/** The program in a process of its own. */
export class Program {
  stdout = '';
  stderr = '';
  /** The process is gone, and all that it said was read. */
  readonly ended: Promise<Ended>;
  /** The process is gone. */
  readonly exited: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #output: Readable;

  /** @param options.limits what a shell does before it runs the program, such as `ulimit -n 24`. */
  constructor(args: readonly string[], { env = {}, limits = ':', main = MAIN }: ProgramOptions = {}) {
    const shell = ['-c', `${limits}; exec "$@"`, 'sh'];
    const child = spawn('sh', [...shell, process.execPath, '--conditions=@lightspeed/source', main, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    child.stdout.on('data', (text: Buffer) => (this.stdout += text.toString()));
    child.stderr.on('data', (text: Buffer) => (this.stderr += text.toString()));
    this.#output = child.stdout;
    this.#child = child;
    this.ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
    this.exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
    onTestFinished(async () => {
      child.kill('SIGKILL');
      child.stdout.resume();
      await this.ended;
    });
  }

  /** Runs it to its end. */
  static run(...args: readonly string[]): Promise<Result> {
    return new Program(args).result();
  }

  /** Waits for its end. */
  async result(): Promise<Result> {
    const { code } = await this.ended;
    return { code, stdout: this.stdout, stderr: this.stderr };
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Reads no more of its standard output. */
  stopReading(): void {
    this.#output.pause();
  }

  readOn(): void {
    this.#output.resume();
  }

  /** Log entries so far. */
  get log(): Readonly<Record<string, unknown>>[] {
    const lines = this.stdout.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** The entry that says that the node serves. */
  serving(): Promise<Readonly<Record<string, unknown>>> {
    return this.logged('node serves');
  }

  /** How often it has said that the node serves: once more after each restart. */
  get starts(): number {
    return this.log.filter(({ msg }) => msg === 'node serves').length;
  }

  logged(message: string): Promise<Readonly<Record<string, unknown>>> {
    return eventually(() => {
      const entry = this.log.find(({ msg }) => typeof msg === 'string' && msg.startsWith(message));
      if (entry === undefined) throw new Error(`"${message}" is not in the log: ${this.stdout}${this.stderr}`);
      return entry;
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
