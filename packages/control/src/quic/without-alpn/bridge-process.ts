import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { QuicError } from '../quic-error.ts';
import type { BridgeEvent, Command, Connect, Listen } from './bridge-messages.ts';
import { denoExecutable } from './deno-executable.ts';

const BRIDGE = new URL(import.meta.url.endsWith('.ts') ? './bridge.ts' : './bridge.js', import.meta.url);

const NOTHING_ELSE = ['--no-prompt', '--no-config', '--no-lock', '--no-remote', '--no-npm', '--quiet'];
const EXIT_MS = 2_000;

export interface BridgeHandlers {
  event(event: BridgeEvent): void;
  /** The process has ended, or never began; called once. `why` is for people. */
  exited(why: string): void;
}

/**
 * The process that speaks QUIC for us: Deno with `bridge.ts`, and no rights but the network. Keys go to it by a pipe, never
 * by a file.
 */
export class BridgeProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #exited: Promise<void>;
  #complaint = '';

  /** @param trustAnybody lets every certificate pass; a matter of the whole process, which has one connection then. */
  constructor(first: Listen | Connect, handlers: BridgeHandlers, trustAnybody = false) {
    const trust = trustAnybody ? ['--unsafely-ignore-certificate-errors'] : [];
    const script = fileURLToPath(BRIDGE);
    this.#child = spawn(denoExecutable(), ['run', ...NOTHING_ELSE, '--unstable-net', '--allow-net', ...trust, script], {
      // No authorities but those that it is told, and nothing fetched.
      env: { ...process.env, DENO_TLS_CA_STORE: '', DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' },
      stdio: 'pipe',
      windowsHide: true,
    });
    this.#exited = new Promise((resolve) => {
      const ended = (why: string): void => {
        resolve();
        handlers.exited(why);
      };
      this.#child.once('error', (error) => ended(unavailable(error)));
      this.#child.once('close', (code, signal) => {
        ended(`the process that speaks QUIC without ALPN has ended (${signal ?? code}) ${this.#complaint}`.trim());
      });
    });
    // A process that has ended says so by its end.
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = text.trim().slice(0, 300);
    });
    createInterface(this.#child.stdout).on('line', (line) => handlers.event(JSON.parse(line) as BridgeEvent));
    this.tell(first);
  }

  tell(command: Command): void {
    if (this.#child.stdin.writable) this.#child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  /** Ends it and what it holds open. Resolves when it is gone. */
  async end(): Promise<void> {
    this.#child.stdin.end();
    const timeout = setTimeout(() => this.#child.kill('SIGKILL'), EXIT_MS);
    await this.#exited;
    clearTimeout(timeout);
  }
}

function unavailable(error: Error): string {
  const missing = 'code' in error && error.code === 'ENOENT';
  return missing ? 'Deno 2.9 is needed: install the package "deno", or Deno so that the PATH leads to it' : error.message;
}

/** For a process that ended before it did what it was begun for. */
export function cannotBegin(why: string): QuicError {
  return new QuicError('QUIC_UNAVAILABLE', `no QUIC without ALPN: ${why}`);
}
