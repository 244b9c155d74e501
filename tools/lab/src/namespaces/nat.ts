import type { Internet, Attachment } from './internet.ts';
import type { Namespace } from './namespace.ts';
import type { Network } from './network.ts';

/** A home router: machines behind it share its address, by nftables' masquerade. */
export class Nat {
  /** Towards the internet. */
  readonly outside: Attachment;
  readonly #network: Network;
  readonly #router: Namespace;
  #machines = 0;

  private constructor(network: Network, router: Namespace, outside: Attachment) {
    this.#network = network;
    this.#router = router;
    this.outside = outside;
  }

  /** @param ports those that it sends from, `20000-20999` */
  static async open(network: Network, internet: Internet, ports: string): Promise<Nat> {
    const router = await network.namespace();
    const nat = new Nat(network, router, await internet.attach(router));
    await router.forward();
    await nat.masquerade(ports);
    return nat;
  }

  /** A machine behind it. */
  async machine(): Promise<Namespace> {
    const number = ++this.#machines;
    const machine = await this.#network.namespace();
    await this.#network.link(
      { in: machine, interface: 'eth0', address: `192.168.${number}.2/24` },
      { in: this.#router, interface: `lan${number}`, address: `192.168.${number}.1/24` },
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
    await this.#router.run('nft', ['-f', '-'], rules);
  }

  /** Forgets all mappings, as a router does that was switched off and on. */
  async forget(): Promise<void> {
    await this.#router.run('conntrack', ['-F']);
  }

  /** Gets another address from its provider, by which the kernel forgets the mappings. @returns the new address */
  async move(): Promise<string> {
    const address = this.outside.address.replace(/\d+$/, '77');
    await this.#router.ip(`address add ${address}/24 dev eth0`);
    await this.#router.ip(`address delete ${this.outside.address}/24 dev eth0`);
    // The routes of the old address have gone with it, or name it.
    await this.#router.ip(`address replace ${address}/24 dev eth0`);
    await this.#router.ip(`route replace default via ${this.outside.gateway} dev eth0`);
    return address;
  }
}
