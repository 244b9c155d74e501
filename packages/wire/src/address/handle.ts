import type { AddressHandle } from '../roles.ts';

/**
 * The handle of `::`, the address that means "none": the same in every {@link AddressBook}. As the address of a socket it is
 * every IPv6 address of the machine.
 */
export const UNSPECIFIED_IPV6 = 0xf000_0000 | 0;

/** What {@link AddressBook.intern} gives when it has no room: the handle of `::`, which no datagram comes from. */
export const NO_ADDRESS = handleOfIndex(0);

/** The top bits of handles of IPv6 addresses: 240.0.0.0/4, which is reserved in IPv4. */
const IPV6_HANDLE_BITS = 15;

const INDEX_MASK = 0x0fff_ffff;

/** Most entries that handles can tell apart. */
export const MAX_HANDLES = INDEX_MASK + 1;

/** Whether a handle stands for an IPv6 address; if not, it is an IPv4 address itself. */
export function isIpv6(handle: AddressHandle): boolean {
  return handle >>> 28 === IPV6_HANDLE_BITS;
}

/** The entry that an IPv6 handle stands for. */
export function indexOfHandle(handle: AddressHandle): number {
  return handle & INDEX_MASK;
}

/** The handle of an entry. */
export function handleOfIndex(index: number): AddressHandle {
  return UNSPECIFIED_IPV6 | index;
}
