/**
 * What passes between this process and the bridge, one JSON object a line: commands one way, events the other. Connections
 * and streams are known by numbers, streams by those of QUIC; bytes are base64.
 *
 * @module
 */

export interface Listen {
  readonly command: 'listen';
  readonly host: string;
  readonly port: number;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly idleTimeoutMs: number;
  readonly maxConnections: number;
  readonly maxStreams: number;
}

/** The connection becomes number 0. */
export interface Connect {
  readonly command: 'connect';
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
  readonly authoritiesPem: readonly string[];
  readonly idleTimeoutMs: number;
  readonly keepaliveMs: number;
  readonly maxStreams: number;
}

interface OfConnection {
  readonly connection: number;
}

interface OfStream extends OfConnection {
  readonly stream: number;
}

/** The first one is a {@link Listen} or a {@link Connect}, and the only such one. */
export type Command =
  | Listen
  | Connect
  | ({ readonly command: 'open' } & OfStream)
  | ({ readonly command: 'write'; readonly bytes: string } & OfStream)
  | ({ readonly command: 'end' } & OfStream)
  | ({ readonly command: 'reset' } & OfStream)
  /** Closes all connections, those included of which nothing was told yet, and lets nobody in any more. */
  | { readonly command: 'stop'; readonly code: number; readonly reason: string }
  | ({ readonly command: 'close'; readonly code: number; readonly reason: string } & OfConnection);

export type BridgeEvent =
  | { readonly event: 'listening'; readonly host: string; readonly port: number }
  /** What was asked for first cannot be done; it ends. */
  | { readonly event: 'unable'; readonly why: string }
  | { readonly event: 'handshake-failed'; readonly why: string }
  | ({ readonly event: 'connected'; readonly host: string; readonly port: number } & OfConnection)
  | ({ readonly event: 'closed'; readonly code: number; readonly reason: string } & OfConnection)
  | ({ readonly event: 'stream' } & OfStream)
  | ({ readonly event: 'data'; readonly bytes: string } & OfStream)
  /** The peer has sent all that it will. */
  | ({ readonly event: 'ended' } & OfStream)
  /** The answer to each `write`, in order. */
  | ({ readonly event: 'written'; readonly failed: string | undefined } & OfStream)
  | ({ readonly event: 'broken'; readonly why: string } & OfStream);
