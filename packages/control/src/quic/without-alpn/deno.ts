/**
 * The part of Deno's interface that the bridge uses (`deno types --unstable-net`).
 *
 * @module
 */

export interface QuicStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array> & { readonly id: bigint };
}

export interface QuicConnection {
  readonly remoteAddr: { readonly hostname: string; readonly port: number };
  readonly incomingBidirectionalStreams: ReadableStream<QuicStream>;
  readonly closed: Promise<{ readonly closeCode: number; readonly reason: string }>;
  createBidirectionalStream(): Promise<QuicStream>;
  close(info: { readonly closeCode: number; readonly reason: string }): void;
}

interface TransportOptions {
  readonly alpnProtocols: readonly string[];
  readonly maxIdleTimeout: number;
  readonly maxConcurrentBidirectionalStreams: number;
  readonly maxConcurrentUnidirectionalStreams: number;
}

/** A handshake that has begun. Its properties are not to be read: in Deno 2.9 that makes `accept` fail. */
interface QuicIncoming {
  accept(): Promise<QuicConnection>;
  ignore(): void;
}

interface QuicEndpoint {
  readonly addr: { readonly hostname: string; readonly port: number };
  listen(options: TransportOptions & { readonly cert: string; readonly key: string }): AsyncIterable<QuicIncoming>;
}

export interface Deno {
  readonly QuicEndpoint: new (at: { readonly hostname: string; readonly port: number }) => QuicEndpoint;
  connectQuic(
    options: TransportOptions & {
      readonly hostname: string;
      readonly port: number;
      readonly endpoint: QuicEndpoint;
      readonly serverName: string;
      readonly caCerts: readonly string[];
      readonly keepAliveInterval?: number;
    },
  ): Promise<QuicConnection>;
  readonly stdin: { readonly readable: ReadableStream<Uint8Array> };
  readonly stdout: { writeSync(bytes: Uint8Array): number };
  addSignalListener(signal: 'SIGINT' | 'SIGTERM', handler: () => void): void;
  exit(code?: number): never;
}
