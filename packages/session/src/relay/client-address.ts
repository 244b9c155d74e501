import type { AddressHandle, Port } from '@lightspeed/wire';

/**
 * Where a client's datagrams come from and where they are sent to: all that it takes to answer. Addresses are handles of the
 * relay's `AddressBook`: IPv4 bits, or a number that stands for an IPv6 address.
 */
export interface ClientAddress {
  readonly ip: AddressHandle;
  readonly port: Port;
  /** The node's own address that the client speaks to; 0 if it is not known. */
  readonly local: AddressHandle;
}
