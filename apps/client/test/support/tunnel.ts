import { startTunnel } from '@lightspeed/client';
import type { RegisterSettings, RunningTunnel, TunnelSettings } from '@lightspeed/client';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint, SocketAddress } from '@lightspeed/wire';
import { withNodes } from './control-node.ts';
import type { ControlNode } from './control-node.ts';
import { LOOPBACK } from './test-node.ts';
import type { TestNode } from './test-node.ts';

export const ENGINES = ['batch', 'portable'] as const;

/** An IPv4 address as settings hold that of a node. */
export function socketAddress({ ip, port }: Endpoint): SocketAddress {
  return { host: formatIpv4(ip), port };
}

/** A tunnel that closes itself at the end of the block that declares it with `await using`. */
export type TestTunnel = RunningTunnel & AsyncDisposable;

/** A registered tunnel through `nodes` with one ingress per game server. */
export async function registeredTunnel(
  nodes: readonly ControlNode[],
  gameServers: readonly Endpoint[],
  { register, ...settings }: Partial<Omit<TunnelSettings, 'register'>> & { register?: Partial<RegisterSettings> } = {},
): Promise<TestTunnel> {
  const ingresses = gameServers.map((gameServer) => ({ listen: { ip: LOOPBACK, port: 0 }, gameServer }));
  const tunnel = await startTunnel({ register: withNodes(nodes, register), ingresses, ...settings });
  return Object.assign(tunnel, { [Symbol.asyncDispose]: () => tunnel.close() });
}

/** A tunnel through `node` with one ingress, on any free port, per game server. */
export async function tunnelTo(
  node: Pick<TestNode, 'address'>,
  gameServers: readonly Endpoint[],
  settings: Partial<TunnelSettings> = {},
): Promise<TestTunnel> {
  const ingresses = gameServers.map((gameServer) => ({ listen: { ip: LOOPBACK, port: 0 }, gameServer }));
  const tunnel = await startTunnel({ node: socketAddress(node.address), ingresses, ...settings });
  return Object.assign(tunnel, { [Symbol.asyncDispose]: () => tunnel.close() });
}
