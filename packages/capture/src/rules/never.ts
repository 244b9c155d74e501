/** UDP ports of servers that are never caught. A socket that speaks to one of `peers` is peer-to-peer: nothing of it is caught. */
export const NEVER_PORTS: readonly string[] = [
  // The system's services: DNS, DHCP, NTP, NetBIOS, QUIC and HTTPS, IKE, DNS over TLS and others.
  '1-1023',
  // OpenVPN, SSDP, WS-Discovery, IPsec through NAT.
  '1194',
  '1900',
  '3702',
  '4500',
  // SIP, and the voice of games (Vivox).
  '5060-5062',
  // NAT-PMP, PCP, multicast DNS, LLMNR.
  '5350-5355',
  // WireGuard.
  '51820',
];

/** UDP ports of STUN and TURN: 3478 to 3481 (RFC 8489 and others), Google's. */
export const STUN_PORTS: readonly string[] = ['3478-3481', '19302-19309'];

/** Servers that are never caught: private, shared, reserved and multicast networks (RFC 6890), and game voice (Vivox). */
export const NEVER_PREFIXES: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '74.201.106.0/24',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '224.0.0.0/3',
];
