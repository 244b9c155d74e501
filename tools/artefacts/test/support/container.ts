import { readFileSync } from 'node:fs';
import { ForeignProcess, watch } from '@lightspeed/lab';
import { execute, succeed } from './execute.ts';
import type { Done } from './run.ts';

const BOOT_MS = 60_000;
const STOP_MS = 30_000;

/** A Debian that was booted with its own systemd and its own loopback, and nothing else of a network. */
export class Container implements AsyncDisposable {
  readonly #nspawn: ForeignProcess;
  /** The container's first process, as this machine counts. */
  readonly leader: number;

  private constructor(nspawn: ForeignProcess, leader: number) {
    this.#nspawn = nspawn;
    this.leader = leader;
  }

  /** @returns undefined where containers cannot be booted, such as in some containers. */
  static async boot(root: string): Promise<Container | undefined> {
    const options = ['--boot', '--private-network', '--register=no', '--keep-unit'];
    const nspawn = new ForeignProcess('systemd-nspawn', ['-D', root, ...options], process.env);
    let container: Container | undefined;
    const isUp = async () => {
      if (nspawn.ended) return true;
      const leader = Number(readFileSync(`/proc/${nspawn.pid}/task/${nspawn.pid}/children`, 'utf8').trim().split(' ')[0]);
      if (leader === 0) return false;
      container = new Container(nspawn, leader);
      const { stdout } = await container.run('systemctl', 'is-system-running');
      return /^(running|degraded)$/.test(stdout.trim());
    };
    const up = await watch(isUp, BOOT_MS);
    if (up && !nspawn.ended) return container;
    await nspawn[Symbol.asyncDispose]();
    return undefined;
  }

  /** Runs something in the container to its end. */
  run(...words: readonly string[]): Promise<Done> {
    return execute('nsenter', ...this.#inside, ...words);
  }

  /** The same for what has to succeed. @returns what it has printed */
  must(...words: readonly string[]): Promise<string> {
    return succeed('nsenter', ...this.#inside, ...words);
  }

  /** What `systemctl show` says of the node's service. */
  async property(name: string): Promise<string> {
    return (await this.must('systemctl', 'show', '--property', name, '--value', 'lightspeed-proxy')).trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#nspawn.endedBy('SIGTERM', STOP_MS);
  }

  get #inside(): readonly string[] {
    return ['-t', String(this.leader), '-m', '-u', '-i', '-n', '-p', '-C'];
  }
}
