/** UDP ports of servers that are never caught, `FROM-TO` or one; `why` completes "not caught: ...". */
export interface NeverPorts {
  readonly ports: string;
  readonly why: string;
}

/** Servers of an IPv4 prefix `a.b.c.d/n` are never caught; `why` completes "not caught: ...". */
export interface NeverPrefix {
  readonly prefix: string;
  readonly why: string;
}

const SYSTEM = 'system services use ports under 1024';
const VPN = 'a VPN would lose its tunnel';
const LOCAL = 'it belongs to the local network';
const UNREACHABLE = 'a node cannot reach them';
const NO_SERVER = 'which no game server has';

/** They ascend without overlapping, so that they can be the elements of an interval set of nftables. Port 0 is no server's. */
export const NEVER_PORTS: readonly NeverPorts[] = [
  { ports: '1-52', why: SYSTEM },
  { ports: '53', why: 'DNS: names must lead to the servers that are near the player' },
  { ports: '54-66', why: SYSTEM },
  { ports: '67-68', why: 'DHCP: the machine would lose its address' },
  { ports: '69-122', why: SYSTEM },
  { ports: '123', why: 'NTP: a detour makes the clock wrong' },
  { ports: '124-136', why: SYSTEM },
  { ports: '137-138', why: `NetBIOS: ${LOCAL}` },
  { ports: '139-442', why: SYSTEM },
  { ports: '443', why: 'QUIC: the web, not a game' },
  { ports: '444-499', why: SYSTEM },
  { ports: '500', why: `IKE: ${VPN}` },
  { ports: '501-852', why: SYSTEM },
  { ports: '853', why: 'DNS over TLS or QUIC: names must lead to the servers that are near the player' },
  { ports: '854-1023', why: SYSTEM },
  { ports: '1194', why: `OpenVPN: ${VPN}` },
  { ports: '1900', why: `SSDP: ${LOCAL}` },
  { ports: '3702', why: `WS-Discovery: ${LOCAL}` },
  { ports: '4500', why: `IPsec: ${VPN}` },
  { ports: '5060-5062', why: 'SIP and Vivox: voice, not the game' },
  { ports: '5350-5352', why: 'NAT-PMP and PCP: they speak to the local router' },
  { ports: '5353-5354', why: `mDNS: ${LOCAL}` },
  { ports: '5355', why: `LLMNR: ${LOCAL}` },
  { ports: '51820', why: `WireGuard: ${VPN}` },
];

/** Those of STUN and TURN (RFC 8489). A socket that speaks to one is peer-to-peer: the rules catch nothing of it any more. */
export const STUN_PORTS: readonly NeverPorts[] = [
  { ports: '3478-3481', why: 'STUN and TURN: a game would take the node’s address for its own' },
  { ports: '19302-19309', why: 'STUN of Google Meet and WebRTC: calls, not a game' },
];

/** They ascend without overlapping (RFC 6890). The addresses of nodes are not among them: those differ by user. */
export const NEVER_PREFIXES: readonly NeverPrefix[] = [
  { prefix: '0.0.0.0/8', why: `addresses of this network, ${NO_SERVER}` },
  { prefix: '10.0.0.0/8', why: `private addresses (RFC 1918): ${UNREACHABLE}` },
  { prefix: '74.201.106.0/24', why: 'Vivox: voice, not the game' },
  { prefix: '100.64.0.0/10', why: `addresses that a provider shares (RFC 6598): ${UNREACHABLE}` },
  { prefix: '127.0.0.0/8', why: 'this machine' },
  { prefix: '169.254.0.0/16', why: `link-local addresses: ${UNREACHABLE}` },
  { prefix: '172.16.0.0/12', why: `private addresses (RFC 1918): ${UNREACHABLE}` },
  { prefix: '192.0.0.0/24', why: `addresses of protocols, ${NO_SERVER}` },
  { prefix: '192.168.0.0/16', why: `private addresses (RFC 1918): ${UNREACHABLE}` },
  { prefix: '224.0.0.0/4', why: `multicast: ${LOCAL}` },
  { prefix: '240.0.0.0/4', why: `reserved addresses and broadcast, ${NO_SERVER}` },
];
