import type { DialOptions } from '../transport/transport.ts';

/** How a client connects by the library. */
export interface ClientOptions extends DialOptions {
  readonly alpn: string;
  readonly maxStreamBytes: number;
}
