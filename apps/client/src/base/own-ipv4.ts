import { networkInterfaces } from 'node:os';
import { parseIpv4 } from '@lightspeed/wire';

/** This machine's IPv4 addresses, unsigned: first those at which other machines may reach it, then loopback. */
export function ownIpv4Addresses(): number[] {
  const all = Object.values(networkInterfaces()).flatMap((list = []) => list);
  const [internal, external] = [true, false].map((is) =>
    all.filter((address) => address.family === 'IPv4' && address.internal === is).flatMap(({ address }) => parseIpv4(address) ?? []),
  );
  return [...external, ...internal];
}
