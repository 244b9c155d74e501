/*
 * A game whose server nobody can type: it asks a matchmaker over TCP, and plays with whatever servers that names. It takes
 * answers from exactly the address that it plays with.
 */

/** A game server that echoes. */
export interface GameAddress {
  readonly ip: string;
  readonly port: number;
}

/** What a matchmaker says. */
export interface Match {
  readonly servers: readonly GameAddress[];
  /** Datagrams to each server. */
  readonly datagrams: number;
  readonly perSecond: number;
  /** Whether a process of its own plays, which the first one starts. */
  readonly inChild?: boolean;
  /** Whether each round waits for the answers to the one before: then it does not matter how busy the machine is. */
  readonly inTurns?: boolean;
  /** Servers that are asked once each beside the match, from the same machine and another socket: a server browser's. */
  readonly browsed?: number;
  /** A server over IPv6, which is asked some times beside the match. */
  readonly ipv6?: GameAddress;
}

/** How a match went. */
export interface MatchReport {
  readonly sent: number;
  readonly received: number;
  /** Answers from another address than was played with. */
  readonly strange: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** The last round in which an answer was lost; -1 if none was. */
  readonly lastLost: number;
  readonly localPort: number;
  readonly uid: number;
  /** What a browser's socket got. */
  readonly browsed: number;
  /** Answers over IPv6. */
  readonly ipv6: number;
}
