import { setTimeout } from 'node:timers/promises';
import { startChild } from '../../src/child-program.ts';
import { link } from '../namespaces/network.ts';
import { DATA_PORT, openScene } from '../namespaces/scene.ts';
import type { Attachment } from '../namespaces/internet.ts';
import type { DelaysProgram, Place } from './delays-main.ts';

const DEVICE = 'delays';
/** Packets from machines go by this table of routes, and those that were delayed by the usual one. */
const TABLE = 50;
/** The provider of the game servers. */
const PROVIDER: Place = { ip: '8.8.0.0', bits: 16 };
/** By it, the provider's router says that a datagram has ended at it. */
const PROVIDERS_ROUTER = '8.8.255.1';

/**
 * An internet in which a way takes its time. A packet between two machines passes a router whose TUN device delays it, in user
 * space. Behind that, the provider of the game servers has a router of its own. TTLs count down, and routers say so, as they do.
 * All of it ends with `started`.
 */
export async function openDelayedInternet(started: AsyncDisposableStack, nodes: readonly string[]) {
  const scene = await openScene(started);
  const { internet } = scene;
  const { router } = internet;
  const home = await internet.machine();
  const hosts = new Map<string, Attachment>();
  for (const name of nodes) hosts.set(name, await internet.machine());
  const provider = await internet.machine();
  const servers = await internet.namespace();
  await link({ in: provider.in, interface: 'farm', address: '8.8.255.1/24' }, { in: servers, interface: 'eth0', address: '8.8.255.2/24' });
  await provider.in.forward();
  await provider.in.ip(`route replace default via ${provider.gateway} dev eth0 src ${PROVIDERS_ROUTER}`);
  await provider.in.ip(`route add ${PROVIDER.ip}/${PROVIDER.bits} via 8.8.255.2`);
  await servers.ip(`route add default via ${PROVIDERS_ROUTER}`);
  await router.ip(`route add ${PROVIDER.ip}/${PROVIDER.bits} via ${provider.address}`);
  const delays = started.use(
    startChild<DelaysProgram>({
      program: new URL('./delays-main.ts', import.meta.url),
      name: 'the program that delays',
      within: router.within,
    }),
  );
  const at = ({ address }: Attachment): Place => ({ ip: address, bits: 24 });
  const places = { home: at(home), ...Object.fromEntries([...hosts].map(([name, host]) => [name, at(host)])), servers: PROVIDER };
  await delays.open(DEVICE, places, DATA_PORT);
  await router.ip(`link set ${DEVICE} up`);
  await router.run('sh', ['-c', 'for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $file; done']);
  await router.ip(`route add default dev ${DEVICE} table ${TABLE}`);
  // The scene's own server, the player, and the provider are attached as well.
  for (let number = 1; number <= hosts.size + 3; number++) await router.ip(`rule add iif net${number} table ${TABLE}`);

  /** The round trip between two places from now on. @param loss of what goes from the first to the second one, and back */
  const roundTrip = async (a: string, b: string, ms: number, loss = 0, lossBack = 0) => {
    await delays.change(a, b, { delayMs: ms / 2, loss });
    await delays.change(b, a, { delayMs: ms / 2, loss: lossBack });
  };
  /** What became of the packets of tunnels between two places, in one direction. */
  const carried = (from: string, to: string) => delays.carried(from, to);
  /** A node at its place. */
  const node = (name: string) => {
    const host = hosts.get(name);
    const flags = ['--allow-destination', `${PROVIDER.ip}/${PROVIDER.bits}`];
    return scene.node(name, { flags, ...(host === undefined ? {} : { host }) });
  };
  /** Lets game servers have these addresses. */
  const serveAt = async (ips: readonly string[]) => {
    for (const ip of ips) await servers.ip(`address add ${ip}/32 dev lo`);
  };
  /** Real time passes: what is tested lasts for seconds by its definition. */
  const pass = (seconds: number) => setTimeout(seconds * 1_000);
  return { scene, home, servers, roundTrip, carried, node, serveAt, pass };
}
