import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { watch } from '@lightspeed/lab';

const PRINT_MS = 60_000;
const END_MS = 30_000;
const CTRL_C = '\u0003';
/** Wide enough that no line is wrapped, and high enough that nothing leaves the screen. */
const SCREEN = 'stty cols 400 rows 100';

/** A program in a terminal of its own, as a person has it: it prints what the person sees, and Ctrl-C is a key. */
export class WineConsole implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<unknown>;
  #printed = '';
  #over = false;

  /** @param words its command line */
  constructor(words: readonly string[], env: NodeJS.ProcessEnv) {
    const typed = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    this.#child = spawn('script', ['-qefc', `${SCREEN}; exec ${typed}`, '/dev/null'], { env: { ...env, SHELL: '/bin/sh' } });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.#printed += text));
    }
    // It may end before Ctrl-C is typed.
    this.#child.stdin.on('error', () => undefined);
    this.#closed = once(this.#child, 'close').then(() => (this.#over = true));
  }

  /** All that it has printed, without what moves the cursor. */
  get text(): string {
    return stripVTControlCharacters(this.#printed).replaceAll(/\r+\n/g, '\n');
  }

  /** Waits for words of its. @returns what the first group of the pattern has @throws {Error} (rejection) if they do not come */
  async printed(pattern: RegExp): Promise<string> {
    let found: RegExpExecArray | null = null;
    await watch(() => (found = pattern.exec(this.text)) !== null || this.#over, PRINT_MS);
    const [, group = ''] = found ?? pattern.exec(this.text) ?? this.#missing(pattern);
    return group;
  }

  /** Types Ctrl-C. @returns its exit code */
  async interrupted(): Promise<number | null> {
    this.#child.stdin.write(CTRL_C);
    if (!(await watch(() => this.#over, END_MS))) throw new Error(`it does not end; it has printed:\n${this.text}`);
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  #missing(pattern: RegExp): never {
    throw new Error(`it has not printed ${pattern}, but:\n${this.text}`);
  }
}
