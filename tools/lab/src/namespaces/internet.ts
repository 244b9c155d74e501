import { parseIpv4 } from '@lightspeed/wire';
import type { Namespace } from './namespace.ts';
import type { Network } from './network.ts';

/** Where a machine is attached: its address there, and the router's. */
export interface Attachment {
  readonly address: string;
  readonly ip: number;
  readonly gateway: string;
}

/** A router with any number of networks, one for each machine that is attached: machines reach each other through it. */
export class Internet {
  readonly #network: Network;
  readonly #router: Namespace;
  #networks = 0;

  private constructor(network: Network, router: Namespace) {
    this.#network = network;
    this.#router = router;
  }

  static async open(network: Network): Promise<Internet> {
    const router = await network.namespace();
    await router.forward();
    return new Internet(network, router);
  }

  /** Gives a machine an interface to the internet, and a default route by it: the first of several is preferred. */
  async attach(machine: Namespace, name = 'eth0'): Promise<Attachment> {
    const number = ++this.#networks;
    const [address, gateway] = [`10.77.${number}.2`, `10.77.${number}.1`];
    await this.#network.link(
      { in: machine, interface: name, address: `${address}/24` },
      { in: this.#router, interface: `net${number}`, address: `${gateway}/24` },
    );
    await machine.ip(`route add default via ${gateway} dev ${name} metric ${number}`);
    // What is sent from this address leaves by this interface, whatever is preferred.
    await machine.ip(`route add default via ${gateway} dev ${name} table ${100 + number}`);
    await machine.ip(`rule add from ${address} table ${100 + number}`);
    return { address, ip: parseIpv4(address) ?? 0, gateway };
  }

  /** A machine with one interface to the internet. */
  async machine(): Promise<Attachment & { readonly in: Namespace }> {
    const machine = await this.#network.namespace();
    return { in: machine, ...(await this.attach(machine)) };
  }
}
