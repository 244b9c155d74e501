import { UdpError, explainBindErrno, hasIpv6 } from '@lightspeed/udp';
import type { DatagramEngine, DatagramSocket, SocketOptions } from '@lightspeed/udp';
import { formatEndpoint } from '@lightspeed/wire';
import { ClientError } from '../base/errors.ts';
import type { IngressSettings } from '../settings/ingress-settings.ts';
import type { ParsedTunnelSettings } from '../settings/tunnel-settings.ts';
import { pathFamily, pathSocketOptions } from './path-sockets.ts';
import type { PathSocket } from './path-sockets.ts';

/** A tunnel's sockets, all bound. */
export interface TunnelSockets {
  /**
   * Towards the nodes, one per path; the last one is that towards the node of `via`, if there is one. It is not
   * connected. So each packet leaves by the route that is best at that moment, even after the machine has moved to
   * another network. And what strangers send to it is counted.
   */
  readonly paths: readonly PathSocket[];
  /** Of the port forwards, in the order of the settings. */
  readonly ingresses: readonly DatagramSocket[];
  /** What is caught comes to it. */
  readonly capture: DatagramSocket | undefined;
  /** Whether the system has IPv6. */
  readonly ipv6: boolean;
}

/** @throws {ClientError} `ERR_CLIENT_OPEN` with the address and what the system says. */
export async function openTunnelSockets(engine: DatagramEngine, settings: ParsedTunnelSettings, hasVia = false): Promise<TunnelSockets> {
  const ingresses: DatagramSocket[] = [];
  for (const ingress of settings.ingresses) {
    ingresses.push(await openIngress(engine, ingress));
  }
  const ipv6 = hasIpv6();
  const paths: PathSocket[] = [];
  const { source } = settings;
  for (const local of [source, ...settings.paths, ...(hasVia ? [source] : [])]) {
    const socket = await open(engine, pathSocketOptions(engine, local, ipv6), `cannot send from ${local ?? 'any address'}`);
    paths.push({ socket, local, family: pathFamily(local, ipv6) });
  }
  const { capture } = settings;
  const caught =
    capture === undefined
      ? undefined
      : await open(engine, { ip: 0, port: 0, fd: capture.fd, originalDestinations: true }, 'cannot take what is caught');
  return { paths, ingresses, capture: caught, ipv6 };
}

async function openIngress(engine: DatagramEngine, ingress: IngressSettings): Promise<DatagramSocket> {
  const { ip, port } = ingress.listen;
  // At 0.0.0.0 answers leave from the address at which their program has asked: it hears no other.
  const optionsOf = (at: number) => ({ ip, port: at, localAddresses: true });
  const failure = `cannot listen on ${formatEndpoint(ip, port)}`;
  if (ingress.anyPortIfTaken !== true || port === 0) return open(engine, optionsOf(port), failure);
  return engine.openNow(optionsOf(port)) ?? open(engine, optionsOf(0), failure);
}

async function open(engine: DatagramEngine, options: SocketOptions, failure: string): Promise<DatagramSocket> {
  try {
    return await engine.open(options);
  } catch (error) {
    if (!(error instanceof UdpError)) throw error;
    throw new ClientError('ERR_CLIENT_OPEN', `${failure}: ${explainBindErrno(error.errno)}`, {
      cause: error,
      mayPass: error.errno === 'EADDRNOTAVAIL',
    });
  }
}
