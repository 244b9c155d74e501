/**
 * What the control plane needs of a QUIC library, and all that it knows of one. The folder `http3` implements it; another library
 * takes its place by implementing it too.
 *
 * @module
 */
import type { SocketAddress } from '@lightspeed/wire';

/** Which form of the QUIC library may be used. `auto` takes the first that works here: native, portable, wasm. */
export type QuicMode = 'auto' | 'native' | 'portable' | 'wasm';

/** Which form of the QUIC library is in use; for the log. */
export interface QuicRuntime {
  /** `native` is the library's fast form, `portable` its native code over poll, `wasm` needs no native code. */
  readonly mode: 'native' | 'portable' | 'wasm';
  /** What is below it: `io_uring`, `kqueue`, `poll`, `dgram`. */
  readonly driver: string;
  /** Why a better form is not in use. */
  readonly fellBack: string | undefined;
}

/** How a connection ended, as QUIC tells it. */
export interface TransportClose {
  readonly code: number;
  readonly reason: string;
}

/** What a stream calls when something happens on it. */
export interface StreamHandlers {
  /** Bytes in order; the receiver may keep them. */
  data(bytes: Uint8Array): void;
  /** The peer has sent all that it will. */
  end(): void;
  /** Nothing more will come or go: both directions have ended, one was reset, or the connection is closed. Called once. */
  closed(why: string | undefined): void;
}

/** A QUIC stream of bytes, whichever library is below. */
export interface StreamTransport {
  readonly id: number;
  readonly bidirectional: boolean;
  attach(handlers: StreamHandlers): void;
  /** `done` is called once, when QUIC has taken the bytes, or with the error that kept it from doing so. */
  write(bytes: Uint8Array, done: (error: Error | null | undefined) => void): void;
  /** After what was written before. */
  end(): void;
  /** Both directions, at once. */
  reset(code: number): void;
}

/** What a connection calls when something happens on it. */
export interface ConnectionHandlers {
  stream(stream: StreamTransport): void;
  /** Called once. */
  closed(close: TransportClose): void;
}

/** A QUIC connection, whichever library is below. */
export interface ConnectionTransport {
  readonly peer: SocketAddress;
  /** Our own address that the peer speaks to; undefined at a client's end. */
  readonly local: SocketAddress | undefined;
  /** What happened before is told at once. */
  attach(handlers: ConnectionHandlers): void;
  /** @throws {QuicError} `ERR_QUIC_STREAM_LIMIT` or `ERR_QUIC_CLOSED` */
  openStream(): StreamTransport;
  ping(): void;
  /** Smoothed, undefined when it is not known (yet, or any more). */
  roundTripMs(): number | undefined;
  close(code: number, reason: string): Promise<void>;
}

/** How a node listens. */
export interface ServerOptions {
  readonly bind: SocketAddress;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly idleTimeoutMs: number;
  /** Connections, those included whose handshake has not ended; more are not answered. */
  readonly maxConnections: number;
  readonly maxStreams: number;
  readonly onConnection: (transport: ConnectionTransport) => void;
  /** A handshake failed. `code` is how QUIC ended it: 0x100 and a TLS alert, or a code of its own. */
  readonly onFailedHandshake: (peer: SocketAddress, code: number) => void;
  readonly onError: (error: Error) => void;
}

/** A QUIC server, whichever library is below. */
export interface Server {
  readonly endpoint: SocketAddress;
  readonly runtime: QuicRuntime;
  /** Also what is connected without its listener knowing yet. */
  close(): Promise<void>;
}

/** How a client connects. */
export interface DialOptions {
  /** Address and port; a name is resolved before. */
  readonly address: SocketAddress;
  /** What is sent as SNI, and what a certificate must carry when an authority is named. */
  readonly serverName: string;
  /** PEM of the authorities that the certificate must lead to; undefined: every certificate passes. */
  readonly authoritiesPem: string | undefined;
  readonly mode: QuicMode;
  readonly idleTimeoutMs: number;
  readonly maxStreams: number;
}

/** A connection whose handshake may not have ended yet. */
export interface Dialing {
  readonly transport: ConnectionTransport;
  /** Rejects when the handshake fails. Has no time limit of its own. */
  readonly ready: Promise<void>;
  /** The state with which TLS could resume, see `tls-resumption.ts`. May never resolve. */
  readonly resumption: Promise<Uint8Array>;
  /** Set once the connection has ended. */
  readonly closed: () => TransportClose | undefined;
  readonly runtime: () => QuicRuntime;
}
