import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startTunnel } from '@lightspeed/client';
import type { RunningTunnel } from '@lightspeed/client';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { Issuer } from '../../src/issuer.ts';
import { LossyLink } from '../../src/lossy-link.ts';
import { LOOPBACK } from '../../src/loopback-socket.ts';
import { NodeProgram } from '../../src/node-program.ts';

/** An address that nobody else in the run has: whoever the server sees there came through the node. */
export const EGRESS_IP = 0x7f00_0002;
/** Where the node seems to be: an emulated link leads from there to where it is. */
const FRONT_IP = 0x7f00_0003;
/** Where the client's second path comes from; the first one's is 127.0.0.1. */
const SECOND_PATH_IP = 0x7f00_0004;
const IPV6_HOST = '::1';

const ESTABLISH_MS = 10_000;
const KEEPALIVE_MS = 500;
const PING_MS = 1_000;

/** The player's end, and what may befall it. */
export interface Stage {
  readonly tunnel: RunningTunnel;
  readonly link: LossyLink;
  /** The node that runs at the moment. */
  node: NodeProgram;
}

/** How bad the link is, and how the game is carried over it. */
export interface StageOptions {
  /** Of packets on the tunnel's link, each way, from 0 to 1. */
  readonly loss: number;
  readonly fecGroupSize: number;
  readonly seed: number;
  /** Whether the tunnel goes by IPv6: to an open node, since loopback has one address of IPv6 only, and no trials then. */
  readonly ipv6?: boolean;
  /** What befalls the player, in this order. The client then has two paths to the node. */
  readonly trials: readonly Trial[];
}

/** Something that happens in the middle of a game. */
export interface Trial {
  readonly name: string;
  readonly begin: (stage: Stage) => Promise<void>;
  /** Takes it back before the next one. */
  readonly end?: (stage: Stage) => void;
}

/** What must not throw a player out. Each leaves the address that the game server sees. */
export const TRIALS: readonly Trial[] = [
  {
    name: 'the client sends from another port',
    begin: async ({ tunnel }) => {
      const rebound = once(tunnel, 'rebound');
      tunnel.rebind(0);
      await rebound;
    },
  },
  {
    name: 'the NAT in front of the node forgets the client',
    begin: ({ link }) => link.forget(),
  },
  {
    name: 'the first of two paths is gone',
    begin: ({ link }) => Promise.resolve(link.block(LOOPBACK)),
    end: ({ link }) => link.unblock(LOOPBACK),
  },
  {
    name: 'the node is killed and started again',
    begin: async (stage) => {
      await stage.node.kill();
      stage.node = await stage.node.again();
    },
  },
];

/** Starts a node, the link in front of it, and a tunnel by both. By IPv4, the client registers, by another link. */
export async function openStage(
  { trials, loss, fecGroupSize, seed, ipv6 = false }: StageOptions,
  gameServer: Endpoint,
  folder: string,
  started: AsyncDisposableStack,
): Promise<Stage> {
  const stateDir = join(folder, 'node');
  await mkdir(stateDir);
  const issuer = new Issuer();
  const admission = ipv6 ? ({ dataBind: `[${IPV6_HOST}]:0`, admit: 'anybody' } as const) : { issuer };
  const node = await NodeProgram.start({ allow: [gameServer], egressIp: EGRESS_IP, stateDir, ...admission });
  // Whichever runs in the end.
  const running = { node };
  started.defer(() => running.node.kill());
  const toTarget = { loss, delayMs: 10, jitterMs: 5 };
  const inFrontOf = (target: Endpoint) => ({ target, listen: { ip: FRONT_IP, port: target.port }, seed });
  const at = (port: number) => ({ host: IPV6_HOST, port });
  const way = ipv6 ? { target: at(node.data.port), listen: at(0), seed } : inFrontOf(node.data);
  const link = started.use(await LossyLink.open({ ...way, toTarget }));
  if (!ipv6) started.use(await LossyLink.open({ ...inFrontOf(node.control), toTarget: {} }));
  const registered = () => ({
    register: { nodes: [{ ...node.settings, host: formatIpv4(FRONT_IP) }], ticket: issuer.ticket(), pingMs: PING_MS },
    source: formatIpv4(LOOPBACK),
    paths: trials.length === 0 ? [] : [formatIpv4(SECOND_PATH_IP)],
    multipath: 'duplicate' as const,
  });
  const tunnel = await startTunnel({
    ...(ipv6 ? { node: at(link.address.port) } : registered()),
    ...{ ingresses: [{ listen: { ip: LOOPBACK, port: 0 }, gameServer }], fecGroupSize, keepaliveMs: KEEPALIVE_MS },
  });
  started.use(tunnel);
  await tunnel.established(ESTABLISH_MS);
  return Object.assign(running, { tunnel, link });
}
