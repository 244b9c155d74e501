import { parseIpv4 } from '@lightspeed/wire';
import { reasonOf } from '../errors.ts';
import { Namespace, link } from './network.ts';

/** Where a machine is attached: its address there, and the router's. */
export interface Attachment {
  readonly in: Namespace;
  readonly address: string;
  readonly ip: number;
  readonly gateway: string;
}

/** A router with any number of networks, one for each machine that is attached: machines reach each other through it. */
export class Internet {
  readonly #started: AsyncDisposableStack;
  readonly #router: Namespace;
  #networks = 0;

  private constructor(started: AsyncDisposableStack, router: Namespace) {
    this.#started = started;
    this.#router = router;
  }

  /** All machines end with `started`. */
  static async open(started: AsyncDisposableStack): Promise<Internet> {
    const router = await Namespace.add(started);
    await router.forward();
    return new Internet(started, router);
  }

  /** A machine that is not attached. */
  namespace(): Promise<Namespace> {
    return Namespace.add(this.#started);
  }

  /** Gives a machine an interface to the internet, and a default route by it: the first of several is preferred. */
  async attach(machine: Namespace, name = 'eth0'): Promise<Attachment> {
    const number = ++this.#networks;
    const [address, gateway] = [`10.77.${number}.2`, `10.77.${number}.1`];
    await link(
      { in: machine, interface: name, address: `${address}/24` },
      { in: this.#router, interface: `net${number}`, address: `${gateway}/24` },
    );
    await machine.ip(`route add default via ${gateway} dev ${name} metric ${number}`);
    // What is sent from this address leaves by this interface, whatever is preferred.
    await machine.ip(`route add default via ${gateway} dev ${name} table ${100 + number}`);
    await machine.ip(`rule add from ${address} table ${100 + number}`);
    return { in: machine, address, ip: parseIpv4(address) ?? 0, gateway };
  }

  /** A machine with one interface to the internet. */
  async machine(): Promise<Attachment> {
    return this.attach(await this.namespace());
  }
}

/** A home router: machines behind it share its address, by nftables' masquerade. */
export class Nat {
  /** Towards the internet. */
  readonly outside: Attachment;
  readonly #internet: Internet;
  #machines = 0;

  private constructor(internet: Internet, outside: Attachment) {
    this.#internet = internet;
    this.outside = outside;
  }

  /** It sends from the ports 20000 to 20999. */
  static async open(internet: Internet): Promise<Nat> {
    const nat = new Nat(internet, await internet.machine());
    await nat.outside.in.forward();
    await nat.masquerade('20000-20999');
    return nat;
  }

  /** A machine behind it. */
  async machine(): Promise<Namespace> {
    const number = ++this.#machines;
    const machine = await this.#internet.namespace();
    await link(
      { in: machine, interface: 'eth0', address: `192.168.${number}.2/24` },
      { in: this.outside.in, interface: `lan${number}`, address: `192.168.${number}.1/24` },
    );
    await machine.ip(`route add default via 192.168.${number}.1`);
    return machine;
  }

  /** Sends from these ports from now on. What has a mapping keeps it. */
  async masquerade(ports: string): Promise<void> {
    const rules = `flush ruleset
table ip nat {
  chain postrouting {
    type nat hook postrouting priority srcnat
    oifname "eth0" meta l4proto udp masquerade to :${ports}
    oifname "eth0" masquerade
  }
}
`;
    await this.outside.in.run('nft', ['-f', '-'], rules);
  }

  /** Forgets all mappings, as a router does that was switched off and on. */
  async forget(): Promise<void> {
    await this.outside.in.run('conntrack', ['-F']);
  }

  /** Gets another address from its provider, by which the kernel forgets the mappings. */
  async move(): Promise<void> {
    const { in: router, address: old, gateway } = this.outside;
    const address = old.replace(/\d+$/, '77');
    await router.ip(`address add ${address}/24 dev eth0`);
    await router.ip(`address delete ${old}/24 dev eth0`);
    // The routes of the old address have gone with it, or name it.
    await router.ip(`address replace ${address}/24 dev eth0`);
    await router.ip(`route replace default via ${gateway} dev eth0`);
  }
}

/** @returns why scenarios in network namespaces cannot take place here, or undefined if they can: found out by a try. */
export async function whyNoNamespaces(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
  if (process.geteuid?.() !== 0) return 'network namespaces need root';
  try {
    await using started = new AsyncDisposableStack();
    const nat = await Nat.open(await Internet.open(started));
    await nat.forget();
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}
