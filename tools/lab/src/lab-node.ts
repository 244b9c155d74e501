import { startTunnel } from '@lightspeed/client';
import type { RunningTunnel } from '@lightspeed/client';
import { nodeConfig, startNode } from '@lightspeed/proxy';
import type { RunningNode } from '@lightspeed/proxy';
import { formatIpv4, parseIpv4 } from '@lightspeed/wire';
import type { Endpoint, SocketAddress } from '@lightspeed/wire';
import { LOOPBACK } from './loopback-socket.ts';

/** What runs of the lab set about their nodes. All else is as nodes have it by default, limits included. */
export interface LabNodeOptions {
  /** Game servers: the only destinations that the node allows. */
  readonly allow: readonly Endpoint[];
  readonly io: 'auto' | 'batch' | 'portable';
  /** Local address towards game servers: default 127.0.0.1, from which nothing can leave this machine. */
  readonly egressIp?: number | undefined;
  readonly sessionTimeoutSecs?: number | undefined;
  /** Whether clients have to register first; anybody may. */
  readonly register?: boolean;
  /** For a client that carries many players in one session. */
  readonly maxPpsPerClient?: number | undefined;
}

/** A node on an ephemeral port of loopback that admits whoever asks: by a HANDSHAKE, or by registering. */
export function startLabNode(options: LabNodeOptions): Promise<RunningNode> {
  const { allow, io, egressIp, sessionTimeoutSecs, register = false, maxPpsPerClient } = options;
  const config = nodeConfig({
    nodeId: 'lab',
    dataBind: '127.0.0.1:0',
    httpBind: 'off',
    egressBind: formatIpv4(egressIp ?? LOOPBACK),
    requireAuth: register,
    controlBind: register ? '127.0.0.1:0' : 'off',
    registration: 'anyone',
    allowDestinations: allow.map(({ ip, port }) => `${formatIpv4(ip)}/32:${port}`),
    io,
    sessionTimeoutSecs,
    maxPpsPerClient,
  });
  return startNode(config);
}

export interface LabTunnelOptions {
  /** The node, or the link in front of it. */
  readonly node: Endpoint;
  readonly gameServer: Endpoint;
  readonly fecGroupSize: number;
  readonly io: 'auto' | 'batch' | 'portable';
}

/** A tunnel with one ingress, on an ephemeral port of loopback. */
export function startLabTunnel({ node, gameServer, fecGroupSize, io }: LabTunnelOptions): Promise<RunningTunnel> {
  return startTunnel({
    node: { host: formatIpv4(node.ip), port: node.port },
    ingresses: [{ listen: { ip: LOOPBACK, port: 0 }, gameServer }],
    fecGroupSize,
    io,
    // Runs are short: measure the round trip from their first second on.
    keepaliveMs: 1_000,
  });
}

/** An IPv4 address of a node as numbers. */
export function ipv4Endpoint({ host, port }: SocketAddress): Endpoint {
  const ip = parseIpv4(host);
  if (ip === undefined) throw new Error(`${host} is no IPv4 address`);
  return { ip, port };
}
