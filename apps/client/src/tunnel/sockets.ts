import { UdpError } from '@lightspeed/udp';
import type { DatagramEngine, DatagramSocket } from '@lightspeed/udp';
import { formatEndpoint, formatIpv4 } from '@lightspeed/wire';
import { ClientError } from '../errors.ts';
import type { IngressSettings, ParsedTunnelSettings } from './settings.ts';

/** The tag of a path's socket; an ingress's tag is its position, from 0. */
export function tagOfPath(path: number): number {
  return -1 - path;
}

/** The path of a socket's tag, negative for an ingress. */
export function pathOfTag(tag: number): number {
  return -1 - tag;
}

/** A tunnel's sockets, all bound. */
export interface TunnelSockets {
  /**
   * Towards the nodes, one per path; the last one is that towards the node of `via`, if there is one. It is not
   * connected. So each packet leaves by the route that is best at that moment, even after the machine has moved to
   * another network. And what strangers send to it is counted.
   */
  readonly paths: readonly DatagramSocket[];
  readonly ingresses: readonly DatagramSocket[];
}

/** @throws {ClientError} `ERR_CLIENT_OPEN` with the address and what the system says. */
export async function openTunnelSockets(engine: DatagramEngine, settings: ParsedTunnelSettings, hasVia = false): Promise<TunnelSockets> {
  const ingresses: DatagramSocket[] = [];
  for (const ingress of settings.ingresses) {
    const socket = await openIngress(engine, ingress);
    socket.tag = ingresses.length;
    ingresses.push(socket);
  }
  const paths: DatagramSocket[] = [];
  const first = settings.sourceIp ?? 0;
  for (const ip of [first, ...settings.paths, ...(hasVia ? [first] : [])]) {
    const socket = await open(engine, ip, 0, `cannot send from ${formatIpv4(ip)}`);
    socket.tag = tagOfPath(paths.length);
    paths.push(socket);
  }
  return { paths, ingresses };
}

async function openIngress(engine: DatagramEngine, ingress: IngressSettings): Promise<DatagramSocket> {
  const { ip, port } = ingress.listen;
  const failure = `cannot listen on ${formatEndpoint(ip, port)}`;
  if (ingress.anyPortIfTaken !== true || port === 0) return open(engine, ip, port, failure);
  return engine.openNow({ ip, port }) ?? open(engine, ip, 0, failure);
}

async function open(engine: DatagramEngine, ip: number, port: number, failure: string): Promise<DatagramSocket> {
  try {
    return await engine.open({ ip, port });
  } catch (error) {
    if (!(error instanceof UdpError)) throw error;
    throw new ClientError('ERR_CLIENT_OPEN', `${failure}: ${explainErrno(error.errno)}`, { cause: error });
  }
}

function explainErrno(errno: string): string {
  switch (errno) {
    case 'EADDRINUSE':
      return 'another program listens there (EADDRINUSE)';
    case 'EADDRNOTAVAIL':
      return 'this machine does not have that address (EADDRNOTAVAIL)';
    case 'EACCES':
      return 'ports below 1024 need more rights (EACCES)';
    default:
      return errno;
  }
}
