/**
 * What the control plane needs of a QUIC library, and all that it knows of one. `http3/` implements it; another library
 * takes its place by implementing it too.
 *
 * @module
 */
import type { Endpoint } from './endpoint.ts';

/** How a connection ended, as QUIC tells it. */
export interface TransportClose {
  readonly code: number;
  readonly reason: string;
}

export interface StreamHandlers {
  /** Bytes in order; the receiver may keep them. */
  data(bytes: Uint8Array): void;
  /** The peer has sent all that it will. */
  end(): void;
  /** Nothing more will come or go: both directions have ended, one was reset, or the connection is closed. Called once. */
  closed(why: string | undefined): void;
}

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

export interface ConnectionHandlers {
  stream(stream: StreamTransport): void;
  /** Called once. */
  closed(close: TransportClose): void;
}

export interface ConnectionTransport {
  readonly peer: Endpoint;
  /** What happened before is told at once. */
  attach(handlers: ConnectionHandlers): void;
  /** @throws {QuicError} `QUIC_STREAM_LIMIT` or `QUIC_CLOSED` */
  openStream(): StreamTransport;
  ping(): void;
  /** Smoothed, undefined when it is not known (yet, or any more). */
  roundTripMs(): number | undefined;
  close(code: number, reason: string): Promise<void>;
}
