import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { command } from './command.ts';
import { Namespace } from './namespace.ts';

/** Names of namespaces: this, the process that made it, and a number. */
const PREFIX = 'lightspeed-lab';
const KEPT_IN = '/run/netns';

let made = 0;

/**
 * Network namespaces of one run, with links between them. All are removed by {@link AsyncDisposable}, also when the
 * process ends without it. The next run removes those of a process that could not do even that. Links are made inside of
 * the namespaces and go with them.
 */
export class Network implements AsyncDisposable {
  readonly #namespaces: Namespace[] = [];
  readonly #removeAll = () => {
    for (const { name } of this.#namespaces) spawnSync('ip', ['netns', 'delete', name]);
  };

  static async open(): Promise<Network> {
    await removeOrphans();
    return new Network();
  }

  private constructor() {
    process.once('exit', this.#removeAll);
  }

  /** A machine with nothing but loopback. */
  async namespace(): Promise<Namespace> {
    const namespace = new Namespace(`${PREFIX}-${process.pid}-${made++}`);
    await command('ip', ['netns', 'add', namespace.name]);
    this.#namespaces.push(namespace);
    await namespace.ip('link set lo up');
    return namespace;
  }

  /** A cable between two machines; addresses with the length of their prefix, `10.0.0.1/24`. */
  async link(a: End, b: End): Promise<void> {
    const peer = ['peer', 'name', b.interface, 'netns', b.in.name];
    await command('ip', ['link', 'add', a.interface, 'netns', a.in.name, 'type', 'veth', ...peer]);
    for (const end of [a, b]) await end.in.interfaceUp(end.interface, end.address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#removeAll);
    for (const { name } of this.#namespaces.splice(0)) await command('ip', ['netns', 'delete', name]);
  }
}

/** One end of a link. */
export interface End {
  readonly in: Namespace;
  readonly interface: string;
  readonly address: string;
}

async function removeOrphans(): Promise<void> {
  for (const name of namesOfNamespaces()) {
    const [, pid] = new RegExp(`^${PREFIX}-(\\d+)-\\d+$`).exec(name) ?? [];
    if (pid !== undefined && !isRunning(Number(pid))) await command('ip', ['netns', 'delete', name]);
  }
}

function namesOfNamespaces(): string[] {
  try {
    return readdirSync(KEPT_IN);
  } catch {
    // There has never been one.
    return [];
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
