import {
  dataAddressExtension,
  dataAddressV6Extension,
  egressAddressExtension,
  observedAddressExtension,
  observedAddressV6Extension,
} from '@lightspeed/control';
import type { Extension } from '@lightspeed/control';
import { isUnspecified, parseIpv4 } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import type { ConnectionEnds } from './client.ts';

/** What a node knows about its own addresses. */
export interface NodeAddresses {
  /** Where packets go, as the data plane is bound. */
  readonly data: SocketAddress;
  /** The address that game servers see, as far as this machine knows; undefined if it does not. */
  readonly egressIp: number | undefined;
}

/** What a client is told of addresses: where its packets go, where it is seen at, and what game servers will see. */
export function addressExtensions({ data, egressIp }: NodeAddresses, { peer, local }: ConnectionEnds): Extension[] {
  return [
    dataExtension(data, peer, local),
    observedExtension(peer),
    ...(egressIp === undefined ? [] : [egressAddressExtension.encode({ ip: egressIp, port: 0 })]),
  ];
}

/**
 * The address of the control connection holds for data, too, unless the data plane is bound to another. Behind a NAT the
 * client may know the node by an address that the node does not know of.
 */
function dataExtension(data: SocketAddress, peer: SocketAddress, local: SocketAddress): Extension {
  const { port } = data;
  const isSame = isUnspecified(data.host) || data.host === local.host;
  const host = isSame ? (isIpv6(peer) ? '::' : '0.0.0.0') : data.host;
  const ip = parseIpv4(host);
  return ip === undefined ? dataAddressV6Extension.encode({ host, port }) : dataAddressExtension.encode({ ip, port });
}

function observedExtension(peer: SocketAddress): Extension {
  const ip = parseIpv4(peer.host);
  return ip === undefined ? observedAddressV6Extension.encode(peer) : observedAddressExtension.encode({ ip, port: peer.port });
}

function isIpv6({ host }: SocketAddress): boolean {
  return host.includes(':');
}
