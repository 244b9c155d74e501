import type { DialOptions } from '../transport.ts';

/** What a connection of the QUIC library is opened with. */
export interface ClientOptions extends DialOptions {
  readonly alpn: string;
  readonly maxStreamBytes: number;
}
