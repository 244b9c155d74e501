import { ForeignProcess, watch } from '@lightspeed/lab';
import { readlinkSync } from 'node:fs';
import type { Container } from './container.ts';
import { succeed } from './execute.ts';

const NODE_IP = '45.0.0.1';
const OUTSIDE_IP = '45.0.0.2';
const START_MS = 10_000;

/**
 * All that a node in a container can reach: a network namespace with players and game servers. Addresses are public ones, as a node
 * relays nowhere else, and nothing leaves both namespaces.
 *
 * ```
 *   container  45.0.0.1 ──── veth ──── 45.0.0.2  outside
 * ```
 */
export class Outside implements AsyncDisposable {
  readonly nodeIp = NODE_IP;
  readonly ip = OUTSIDE_IP;
  readonly #holder: ForeignProcess;

  private constructor(holder: ForeignProcess) {
    this.#holder = holder;
  }

  static async beside({ leader }: Container): Promise<Outside> {
    const holder = new ForeignProcess('unshare', ['--net', 'sleep', 'infinity'], process.env);
    const outside = new Outside(holder);
    await watch(() => readlinkSync(outside.namespace) !== readlinkSync('/proc/self/ns/net'), START_MS);
    await succeed(
      ...['ip', 'link', 'add', 'relayed', 'netns', String(leader), 'type', 'veth'],
      ...['peer', 'name', 'relayed', 'netns', String(holder.pid)],
    );
    for (const [pid, ip] of [
      [leader, NODE_IP],
      [holder.pid, OUTSIDE_IP],
    ] as const) {
      const inside = ['nsenter', '-t', String(pid), '-n', 'ip'] as const;
      await succeed(...inside, 'address', 'add', `${ip}/24`, 'dev', 'relayed');
      await succeed(...inside, 'link', 'set', 'relayed', 'up');
      await succeed(...inside, 'link', 'set', 'lo', 'up');
      await succeed(...inside, 'route', 'add', 'default', 'via', ip === NODE_IP ? OUTSIDE_IP : NODE_IP);
    }
    return outside;
  }

  /** The file of the namespace. */
  get namespace(): string {
    return `/proc/${this.#holder.pid}/ns/net`;
  }

  /** Command words that run something outside. */
  get within(): readonly string[] {
    return ['nsenter', `--net=${this.namespace}`];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder[Symbol.asyncDispose]();
  }
}
