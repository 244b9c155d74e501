import { command } from '../../src/foreign-process.ts';
import { atEnd } from '../../src/leftovers.ts';

let made = 0;

/** A network namespace: a machine of its own as far as the network goes. Programs run in it by way of {@link within}. */
export class Namespace {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /** A machine with nothing but loopback, which is gone when `started` ends, or this process. Its links go with it. */
  static async add(started: AsyncDisposableStack): Promise<Namespace> {
    const namespace = new Namespace(`lightspeed-lab-${process.pid}-${made++}`);
    const forget = atEnd(`ip netns delete ${namespace.name}`);
    await command('ip', ['netns', 'add', namespace.name]);
    started.defer(async () => {
      await command('ip', ['netns', 'delete', namespace.name]);
      forget();
    });
    await namespace.ip('link set lo up');
    return namespace;
  }

  /** What to put in front of a command line so that it runs in here. */
  get within(): readonly string[] {
    return ['ip', 'netns', 'exec', this.name];
  }

  /** `ip` with the words of `line`, in here. */
  async ip(line: string): Promise<void> {
    await command('ip', ['-n', this.name, ...line.split(' ')]);
  }

  /** Runs a program to its end, in here. @returns what it printed */
  run(program: string, args: readonly string[], input?: string): Promise<string> {
    const [ip, ...words] = this.within;
    return command(ip, [...words, program, ...args], input);
  }

  /** Passes packets on that are for others. */
  async forward(): Promise<void> {
    await this.run('sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
  }

  /** Without the second that IPv6's duplicate address detection takes. @param address with the length of its prefix */
  async addAddress(address: string, device: string): Promise<void> {
    await this.ip(`address add ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}`);
  }
}

/** One end of a link. */
export interface End {
  readonly in: Namespace;
  readonly interface: string;
  /** With the length of its prefix, `10.0.0.1/24`. */
  readonly address: string;
}

/** Puts a cable between two machines. */
export async function link(a: End, b: End): Promise<void> {
  const peer = ['peer', 'name', b.interface, 'netns', b.in.name];
  await command('ip', ['link', 'add', a.interface, 'netns', a.in.name, 'type', 'veth', ...peer]);
  for (const end of [a, b]) {
    await end.in.addAddress(end.address, end.interface);
    await end.in.ip(`link set ${end.interface} up`);
  }
}
