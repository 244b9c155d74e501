import type { AddressBook } from '@lightspeed/wire';
import type { SocketOptions } from './engine.ts';
import { UdpError } from './errors.ts';

/** The error for a socket that the system refused. */
export function openError(options: SocketOptions, errno: string, addresses: AddressBook): UdpError {
  const where = addresses.formatEndpoint(options.ip, options.port);
  return new UdpError('ERR_UDP_OPEN', `cannot open a UDP socket on ${where}: ${errno}${hint(options, errno)}`, { errno });
}

function hint(options: SocketOptions, errno: string): string {
  const asksForRights = options.transparent === true || options.mark !== undefined;
  if (errno === 'EPERM' && asksForRights) return ' (transparent and mark need CAP_NET_ADMIN or CAP_NET_RAW)';
  return errno === 'EAFNOSUPPORT' ? ' (this system has no IPv6)' : '';
}
