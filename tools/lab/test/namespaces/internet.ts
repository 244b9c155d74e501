import { parseIpv4 } from '@lightspeed/wire';
import { reasonOf } from '../../src/errors.ts';
import { Namespace, link } from './network.ts';

/** Where a machine is attached: its address there, and the router's. */
export type Attachment = Awaited<ReturnType<Internet['attach']>>;

/** A router with any number of networks, one for each machine that is attached: machines reach each other through it. */
export type Internet = Awaited<ReturnType<typeof openInternet>>;

/** All machines end with `started`. */
export async function openInternet(started: AsyncDisposableStack) {
  const router = await Namespace.add(started);
  await router.forward();
  let networks = 0;
  /** A machine that is not attached. */
  const namespace = () => Namespace.add(started);
  /** Gives a machine an interface to the internet, and a default route by it: the first of several is preferred. */
  const attach = async (machine: Namespace, name = 'eth0') => {
    const number = ++networks;
    const [address, gateway] = [`10.77.${number}.2`, `10.77.${number}.1`];
    await link(
      { in: machine, interface: name, address: `${address}/24` },
      { in: router, interface: `net${number}`, address: `${gateway}/24` },
    );
    await machine.ip(`route add default via ${gateway} dev ${name} metric ${number}`);
    // What is sent from this address leaves by this interface, whatever is preferred.
    await machine.ip(`route add default via ${gateway} dev ${name} table ${100 + number}`);
    await machine.ip(`rule add from ${address} table ${100 + number}`);
    return { in: machine, address, ip: parseIpv4(address) ?? 0, gateway };
  };
  /** A machine with one interface to the internet. */
  const machine = async () => attach(await namespace());
  return { router, namespace, attach, machine };
}

/** A home router: machines behind it share its address, by nftables' masquerade. */
export type Nat = Awaited<ReturnType<typeof openNat>>;

/** It sends from the ports 20000 to 20999. */
export async function openNat(internet: Internet) {
  const { in: router, address, gateway } = await internet.machine();
  let machines = 0;
  /** A machine behind it. */
  const machine = async () => {
    const number = ++machines;
    const behind = await internet.namespace();
    await link(
      { in: behind, interface: 'eth0', address: `192.168.${number}.2/24` },
      { in: router, interface: `lan${number}`, address: `192.168.${number}.1/24` },
    );
    await behind.ip(`route add default via 192.168.${number}.1`);
    return behind;
  };
  /** Sends from these ports from now on. What has a mapping keeps it. */
  const masquerade = (ports: string) => {
    const rules = `flush ruleset
table ip nat {
  chain postrouting {
    type nat hook postrouting priority srcnat
    oifname "eth0" meta l4proto udp masquerade to :${ports}
    oifname "eth0" masquerade
  }
}
`;
    return router.run('nft', ['-f', '-'], rules);
  };
  /** Forgets all mappings, as a router does that was switched off and on. */
  const forget = () => router.run('conntrack', ['-F']);
  /** Gets another address from its provider, by which the kernel forgets the mappings. */
  const move = async () => {
    const other = address.replace(/\d+$/, '77');
    await router.ip(`address add ${other}/24 dev eth0`);
    await router.ip(`address delete ${address}/24 dev eth0`);
    // The routes of the old address have gone with it, or name it.
    await router.ip(`address replace ${other}/24 dev eth0`);
    await router.ip(`route replace default via ${gateway} dev eth0`);
  };
  await router.forward();
  await masquerade('20000-20999');
  return { address, machine, masquerade, forget, move };
}

/** @returns why scenarios in network namespaces cannot take place here, or undefined if they can: found out by a try. */
export async function whyNoNamespaces(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
  if (process.geteuid?.() !== 0) return 'network namespaces need root';
  try {
    await using started = new AsyncDisposableStack();
    const nat = await openNat(await openInternet(started));
    await nat.forget();
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}
