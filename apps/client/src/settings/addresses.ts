import { readAddress } from '@lightspeed/udp';
import type { ReadAddress } from '@lightspeed/udp';
import { addressKind, canonicalAddress } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import { invalid, requireInteger } from './checks.ts';
import { allowedInPlaceOf } from './one-machine.ts';

/** The two families of IP addresses. */
export type Family = 'ipv4' | 'ipv6';

/** The family of an address in text; undefined for what is none, such as a name. IPv4-mapped addresses are IPv4. */
export function familyOf(address: string): Family | undefined {
  const canonical = canonicalAddress(address);
  if (canonical === undefined) return undefined;
  return canonical.includes(':') ? 'ipv6' : 'ipv4';
}

/** Wants an address that this machine can have, and gives it in its canonical form. */
export function requireAddress(name: string, text: string): string {
  const read = readLocalAddress(text);
  if ('allowed' in read) throw invalid(name, JSON.stringify(text), read.allowed);
  return read.address;
}

/** Reads an address of this machine, of either family. */
export function readLocalAddress(text: string): ReadAddress {
  const read = readAddress(text);
  if ('allowed' in read) return read;
  const allowed = addressKind(read.address) === 'unspecified' ? undefined : allowedInPlaceOf(read.address);
  return allowed === undefined ? read : { allowed };
}

/** Wants a node's host and a port that is not 0. */
export function requireSocketAddress(name: string, { host, port }: SocketAddress): SocketAddress {
  const address = requireNodeHost(`${name}.host`, host);
  requireInteger(`${name}.port`, port, 1, 0xffff);
  return { host: address, port };
}

/** Wants a name, or an address of one machine, and gives it in its canonical form. */
export function requireNodeHost(name: string, host: string): string {
  const read = readNodeHost(host);
  if ('allowed' in read) throw invalid(name, JSON.stringify(host), read.allowed);
  return read.address;
}

/** Reads a node's host: a name, which comes as it is, or an address of one machine. */
export function readNodeHost(host: string): ReadAddress {
  if (addressKind(host.replace(/%.*$/, '')) === undefined) {
    return host === '' || /[\s:/%[\]]/.test(host) ? { allowed: 'a name or an IP address' } : { address: host };
  }
  const read = readAddress(host);
  if ('allowed' in read) return read;
  const allowed = allowedInPlaceOf(read.address);
  return allowed === undefined ? read : { allowed };
}
