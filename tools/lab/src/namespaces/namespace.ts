import { command } from './command.ts';

/** A network namespace: a machine of its own as far as the network goes. Programs run in it by way of {@link within}. */
export class Namespace {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** What to put in front of a command line so that it runs in here. */
  get within(): readonly string[] {
    return ['ip', 'netns', 'exec', this.name];
  }

  /** `ip` with the words of `line`, in here. */
  async ip(line: string): Promise<void> {
    await command('ip', ['-n', this.name, ...line.split(' ')]);
  }

  async run(program: string, args: readonly string[], input?: string): Promise<string> {
    return command('ip', ['netns', 'exec', this.name, program, ...args], input);
  }

  /** Passes packets on that are for others. */
  async forward(): Promise<void> {
    await this.run('sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
  }

  /** Without the second that IPv6's duplicate address detection takes. @param address with the length of its prefix */
  async addAddress(address: string, device: string): Promise<void> {
    await this.ip(`address add ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}`);
  }

  async interfaceUp(name: string, address: string): Promise<void> {
    await this.addAddress(address, name);
    await this.ip(`link set ${name} up`);
  }
}
