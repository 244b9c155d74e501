import { canonicalAddress } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';

/** Where a connection comes from, as the library tells it, in the one form of an address: an IPv4-mapped one is IPv4. */
export function peerAddress(host: string | undefined, port: number | undefined): SocketAddress {
  return { host: canonicalAddress(host ?? '') ?? host ?? '', port: port ?? 0 };
}
