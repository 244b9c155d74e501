import { createSocket } from 'node:dgram';
import { lookUpAddress } from '../portable/look-up-address.ts';

/**
 * Whether sockets of IPv6 can be opened here: by opening one, on every address of both families. Systems may be built or
 * started without IPv6.
 */
export function hasIpv6(): boolean {
  const socket = createSocket({ type: 'udp6', lookup: lookUpAddress });
  let refused = false;
  socket.on('error', () => (refused = true));
  try {
    socket.bind({ address: '::', port: 0, exclusive: true });
    return !refused;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
