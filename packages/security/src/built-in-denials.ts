import { parseDestinationRule } from './destination-rule.ts';
import type { DestinationRule } from './destination-rule.ts';

/** A network that no relay on the public Internet has a reason to send game traffic to. */
export interface BuiltInDenial extends DestinationRule {
  /** What the network is, and where that is written. */
  readonly name: string;
}

/** In the order in which they are looked at (docs/protocol.md, Limits). */
export const BUILT_IN_DENIALS: readonly BuiltInDenial[] = [
  denial('127.0.0.0/8', 'loopback, RFC 1122'),
  denial('10.0.0.0/8', 'private, RFC 1918'),
  denial('172.16.0.0/12', 'private, RFC 1918'),
  denial('192.168.0.0/16', 'private, RFC 1918'),
  denial('100.64.0.0/10', 'shared address space, RFC 6598'),
  denial('169.254.0.0/16', 'link-local, RFC 3927'),
  denial('224.0.0.0/4', 'multicast, RFC 5771'),
  denial('255.255.255.255/32', 'broadcast, RFC 919'),
  denial('192.0.2.0/24', 'documentation, RFC 5737'),
  denial('198.51.100.0/24', 'documentation, RFC 5737'),
  denial('203.0.113.0/24', 'documentation, RFC 5737'),
  denial('198.18.0.0/15', 'benchmarking, RFC 2544'),
  denial('0.0.0.0/8', '"this network", RFC 1122'),
  denial('192.0.0.0/24', 'protocol assignments, RFC 6890'),
  denial('240.0.0.0/4', 'reserved, RFC 1112'),
  denial('192.88.99.0/24', 'deprecated 6to4 relays, RFC 7526'),
];

function denial(cidr: string, name: string): BuiltInDenial {
  return Object.freeze({ ...parseDestinationRule(cidr), name });
}
