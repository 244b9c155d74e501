import { canonicalAddress } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import { invalid, requireInteger } from './checks.ts';

/** The two families of IP addresses. */
export type Family = 'ipv4' | 'ipv6';

/** The family of an address in text; undefined for what is none, such as a name. IPv4-mapped addresses are IPv4. */
export function familyOf(address: string): Family | undefined {
  const canonical = canonicalAddress(address);
  if (canonical === undefined) return undefined;
  return canonical.includes(':') ? 'ipv6' : 'ipv4';
}

/** Wants an IP address, and gives it in its canonical form. */
export function requireAddress(name: string, address: string): string {
  const canonical = canonicalAddress(address);
  if (canonical === undefined) throw invalid(name, JSON.stringify(address), 'an IPv4 or IPv6 address');
  return canonical;
}

/** Wants an IP address and a port that is not 0. */
export function requireSocketAddress(name: string, { host, port }: SocketAddress): SocketAddress {
  const canonical = requireAddress(`${name}.host`, host);
  requireInteger(`${name}.port`, port, 1, 0xffff);
  return { host: canonical, port };
}
