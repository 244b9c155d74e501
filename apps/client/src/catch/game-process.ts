import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Duplex, Writable } from 'node:stream';
import { constants } from 'node:os';
import type { NamespaceWords } from '@lightspeed/capture';

/** Waits for a line, then becomes the game: so nothing of the game runs before it is where it belongs. */
const STARTER = 'read -r _ <&3 && exec "$@" 3<&-';
const SIGNAL_BASE = 128;
const NOT_FOUND = 127;

/**
 * Starts a game that is neither caught nor waits, with no shell, since not every system has one.
 * @returns its exit code, as {@link GameProcess.exited} has it; 127 if it cannot be started.
 */
export function runAlone([program, ...args]: readonly string[], cannotStart: (why: string) => void): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    child.once('error', ({ message }) => {
      cannotStart(`the game cannot be started: ${message}`);
      resolve(NOT_FOUND);
    });
    child.once('exit', (code, signal) => resolve(exitCodeOf(code, signal)));
  });
}

/** A game with its arguments, that waits for its start. */
export class GameProcess {
  readonly pid: number;
  /** Its exit code; 128 and the signal's number after a signal, as shells say it. */
  readonly exited: Promise<number>;
  readonly #child: ChildProcess;
  readonly #gate: Writable;

  private constructor(child: ChildProcess, pid: number) {
    this.pid = pid;
    this.#child = child;
    this.#gate = child.stdio[3] as Writable;
    this.#gate.on('error', () => undefined);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(exitCodeOf(code, signal)));
    });
  }

  /**
   * @param namespaces of its own, which it shall have
   * @throws {Error} if this machine has no shell.
   */
  static async prepare(words: readonly string[], namespaces?: NamespaceWords): Promise<GameProcess> {
    const { outer, inner } = namespaces ?? { outer: [], inner: [] };
    const [program, ...args] = [...outer, '/bin/sh', '-c', STARTER, 'lightspeed', ...inner, ...words];
    const held = namespaces === undefined ? 'ignore' : 'pipe';
    const child = spawn(program, args, { stdio: ['inherit', 'inherit', 'inherit', 'pipe', held] });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('spawn', () => resolve(child.pid ?? 0));
      child.once('error', reject);
    });
    return new GameProcess(child, pid);
  }

  /** The other end of the game's descriptor 4, if it has namespaces of its own. */
  get held(): Duplex | undefined {
    return (this.#child.stdio[4] ?? undefined) as Duplex | undefined;
  }

  /** Lets it run. */
  start(): void {
    this.#gate.end('go\n');
  }

  /** Asks it to end, or never to start. Harmless if it has ended. */
  end(): void {
    this.#child.kill('SIGTERM');
  }
}

function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? SIGNAL_BASE + (signal === null ? 0 : constants.signals[signal]);
}
