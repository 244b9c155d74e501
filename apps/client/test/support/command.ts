import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './game.ts';

/** What the programs of a test file keep. */
const STATE = mkdtempSync(join(tmpdir(), 'lightspeed-state-'));
process.on('exit', () => rmSync(STATE, { recursive: true, force: true }));

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program `lightspeed` as a child process. */
export class Running {
  stdout = '';
  stderr = '';
  readonly #child;
  readonly #closed: Promise<unknown[]>;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(process.execPath, ['--conditions=@lightspeed/source', MAIN, ...args], {
      env: { ...process.env, XDG_STATE_HOME: STATE, ...env },
    });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.#closed = once(this.#child, 'close');
  }

  get lines(): string[] {
    return this.stdout.split('\n').slice(0, -1);
  }

  async printed(text: string): Promise<void> {
    await until(() => this.stdout.includes(text) || this.#child.exitCode !== null, `"${text}" from the program`);
  }

  signal(name: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGQUIT' | 'SIGKILL'): void {
    this.#child.kill(name);
  }

  /** Writes to its standard input, which stays open. */
  send(stdin: Uint8Array): void {
    this.#child.stdin.write(stdin);
  }

  async ended(stdin: string | Uint8Array = ''): Promise<Result> {
    this.#child.stdin.end(stdin);
    const [code] = await this.#closed;
    return { code: typeof code === 'number' ? code : null, stdout: this.stdout, stderr: this.stderr };
  }
}

/** Runs `lightspeed` to its end. */
export function lightspeed(args: readonly string[], stdin?: string | Uint8Array): Promise<Result> {
  return new Running(args).ended(stdin);
}
