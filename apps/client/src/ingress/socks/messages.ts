/*
 * What the two halves of a SOCKS5 server tell each other. One half talks TCP, on the main thread. The other one has the
 * UDP sockets, in the data-plane thread. IPv4 addresses are unsigned numbers.
 */

/** To the data-plane thread. */
export type SocksCommand =
  /** A client wants to send datagrams. Answered by `socks-opened` or `socks-refused` with the same id. */
  | {
      readonly type: 'socks-open';
      readonly id: number;
      /** Where its relay socket is bound: the address at which the client has reached us. */
      readonly ip: number;
      readonly clientIp: number;
      /** The port from which it says that it sends; 0 if it does not say. */
      readonly clientPort: number;
    }
  /** The client's TCP connection has ended. */
  | { readonly type: 'socks-close'; readonly id: number }
  /** What was found for a name; no `ips` if it has no IPv4 address. */
  | { readonly type: 'socks-resolved'; readonly name: string; readonly ips: readonly number[]; readonly ipv6Only: boolean };

/** From the data-plane thread. */
export type SocksMessage =
  | { readonly type: 'socks-opened'; readonly id: number; readonly port: number }
  | { readonly type: 'socks-refused'; readonly id: number; readonly reason: string }
  /** Datagrams wait for the address of a name. Answered by `socks-resolved`. */
  | { readonly type: 'socks-resolve'; readonly name: string }
  /** A client has sent to an IPv6 address; told once for each association. */
  | { readonly type: 'socks-ipv6' };
