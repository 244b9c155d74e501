/** UDP destination ports from `from` to `to`, both included, that are never caught; `why` completes "not caught: ...". */
export interface ExcludedPorts {
  readonly from: number;
  readonly to: number;
  readonly why: string;
}

/** An IPv4 prefix `a.b.c.d/n` of destinations that are never caught; `why` completes "not caught: ...". */
export interface ExcludedPrefix {
  readonly prefix: string;
  readonly why: string;
}

/**
 * UDP destination ports that are never caught, whatever program sends there. They ascend and do not overlap, so that they can be
 * the elements of an nftables interval set as they are.
 */
export const EXCLUDED_PORTS: readonly ExcludedPorts[] = [
  { from: 0, to: 52, why: 'system services use ports under 1024' },
  { from: 53, to: 53, why: 'DNS: names must lead to the servers that are near the player' },
  { from: 54, to: 66, why: 'system services use ports under 1024' },
  { from: 67, to: 68, why: 'DHCP: the machine would lose its address' },
  { from: 69, to: 122, why: 'system services use ports under 1024' },
  { from: 123, to: 123, why: 'NTP: a detour makes the clock wrong' },
  { from: 124, to: 136, why: 'system services use ports under 1024' },
  { from: 137, to: 138, why: 'NetBIOS: it belongs to the local network' },
  { from: 139, to: 442, why: 'system services use ports under 1024' },
  { from: 443, to: 443, why: 'QUIC: the web, not a game' },
  { from: 444, to: 499, why: 'system services use ports under 1024' },
  { from: 500, to: 500, why: 'IKE: a VPN would lose its tunnel' },
  { from: 501, to: 852, why: 'system services use ports under 1024' },
  { from: 853, to: 853, why: 'DNS over TLS or QUIC: names must lead to the servers that are near the player' },
  { from: 854, to: 1023, why: 'system services use ports under 1024' },
  { from: 1194, to: 1194, why: 'OpenVPN: a VPN would lose its tunnel' },
  { from: 1900, to: 1900, why: 'SSDP: it belongs to the local network' },
  { from: 3478, to: 3481, why: 'STUN and TURN: a game would take the node’s address for its own' },
  { from: 3702, to: 3702, why: 'WS-Discovery: it belongs to the local network' },
  { from: 4500, to: 4500, why: 'IPsec: a VPN would lose its tunnel' },
  { from: 5060, to: 5062, why: 'SIP and Vivox: voice, not the game' },
  { from: 5350, to: 5352, why: 'NAT-PMP and PCP: they speak to the local router' },
  { from: 5353, to: 5354, why: 'mDNS: it belongs to the local network' },
  { from: 5355, to: 5355, why: 'LLMNR: it belongs to the local network' },
  { from: 19302, to: 19309, why: 'STUN of Google Meet and WebRTC: calls, not a game' },
  { from: 51820, to: 51820, why: 'WireGuard: a VPN would lose its tunnel' },
];

/**
 * IPv4 prefixes of destinations that are never caught, whatever program sends there. They ascend and do not overlap, so that they
 * can be the elements of an nftables interval set as they are. The addresses of nodes are not among them: those differ by user.
 */
export const EXCLUDED_PREFIXES: readonly ExcludedPrefix[] = [
  { prefix: '0.0.0.0/8', why: 'addresses of this network, which no game server has' },
  { prefix: '10.0.0.0/8', why: 'private addresses (RFC 1918): a node cannot reach them' },
  { prefix: '74.201.106.0/24', why: 'Vivox: voice, not the game' },
  { prefix: '100.64.0.0/10', why: 'addresses that a provider shares (RFC 6598): a node cannot reach them' },
  { prefix: '127.0.0.0/8', why: 'this machine' },
  { prefix: '169.254.0.0/16', why: 'link-local addresses: a node cannot reach them' },
  { prefix: '172.16.0.0/12', why: 'private addresses (RFC 1918): a node cannot reach them' },
  { prefix: '192.0.0.0/24', why: 'addresses of protocols (RFC 6890), which no game server has' },
  { prefix: '192.168.0.0/16', why: 'private addresses (RFC 1918): a node cannot reach them' },
  { prefix: '224.0.0.0/4', why: 'multicast: it belongs to the local network' },
  { prefix: '240.0.0.0/4', why: 'reserved addresses and broadcast, which no game server has' },
];
