import { networkInterfaces } from 'node:os';
import type { DestinationRule } from '@lightspeed/security';
import { parseIpv4 } from '@lightspeed/wire';

/** The IPv4 addresses of this machine's interfaces, unsigned. */
export function ownAddresses(): number[] {
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter(({ family }) => family === 'IPv4')
    .map(({ address }) => parseIpv4(address))
    .filter((ip) => ip !== undefined);
}

/**
 * Rules against relaying to a port of the node itself. Otherwise an operator who allows this machine would open these
 * ports too. Packets could then go round in the data plane, and clients could register as if they were the node.
 */
export function ownPortRules(ips: readonly number[], port: number): DestinationRule[] {
  const rule = (network: number, prefixLength: number): DestinationRule => {
    return { network, prefixLength, lowPort: port, highPort: port };
  };
  // 0.0.0.0 as a destination is this machine, too.
  return [rule(0x7f00_0000, 8), rule(0, 32), ...ips.map((ip) => rule(ip, 32))];
}
