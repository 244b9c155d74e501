import { addressPrefix } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import { CloseCode, isAlpnRefusal } from './codes.ts';
import { Connection } from './connection.ts';
import type { ControlConnection } from './connection.ts';
import type { ConnectionTransport, QuicRuntime } from './transport/transport.ts';
import type { ConnectionLimits } from './limits.ts';
import { COUNTED_CLOSES, NOTHING_YET } from './listener-counters.ts';
import type { ListenerCounters } from './listener-counters.ts';
import { QuicError } from './transport/quic-error.ts';

/** What connections are taken on with. */
export interface AdmissionOptions {
  readonly maxConnections: number;
  /** Of one IPv4 address, or of one IPv6 network of 64 bits. */
  readonly maxConnectionsPerAddress: number;
  readonly limits: ConnectionLimits;
  readonly keepaliveMs: number;
  /** What serves a connection; see `ListenOptions` of the listener, also for the other two. */
  readonly onConnection: (connection: ControlConnection) => unknown;
  readonly onError?: ((error: unknown) => void) | undefined;
  readonly onFailedHandshake?: ((peer: SocketAddress, code: number) => void) | undefined;
}

/** The connections of a listener, on all of its addresses: holds them to the limits, has them served, and counts. */
export class AdmittedConnections {
  readonly #options: AdmissionOptions;
  readonly #connections = new Set<Connection>();
  /** By `addressPrefix`. */
  readonly #perPrefix = new Map<string, number>();
  #counters = NOTHING_YET;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#connections.size;
  }

  get counters(): ListenerCounters {
    let { refusals } = this.#counters;
    for (const connection of this.#connections) refusals += connection.refusals;
    return { ...this.#counters, refusals };
  }

  /** Takes a connection on whose handshake is over, or refuses it. */
  accept(transport: ConnectionTransport, runtime: QuicRuntime): void {
    const { maxConnections, maxConnectionsPerAddress, limits, keepaliveMs } = this.#options;
    const prefix = addressPrefix(transport.peer.host);
    const ofPrefix = this.#perPrefix.get(prefix) ?? 0;
    if (this.#connections.size >= maxConnections) {
      this.#count('refusedOverMax');
      refuse(transport, 'the node has as many connections as it takes');
      return;
    }
    if (ofPrefix >= maxConnectionsPerAddress) {
      this.#count('refusedOverMaxPerAddress');
      refuse(transport, 'too many connections from one address');
      return;
    }
    const connection = new Connection(transport, runtime, limits, keepaliveMs);
    this.#connections.add(connection);
    this.#perPrefix.set(prefix, ofPrefix + 1);
    this.#count('accepted');
    void connection.whenClosed.then((closed) => {
      this.#forget(connection, prefix);
      this.#count('refusals', connection.refusals);
      const counted = closed.by === 'us' ? COUNTED_CLOSES.get(closed.code) : undefined;
      if (counted !== undefined) this.#count(counted);
    });
    void this.#serve(connection);
  }

  handshakeFailed(peer: SocketAddress, code: number): void {
    this.#count(isAlpnRefusal(code) ? 'refusedOverAlpn' : 'failedHandshakes');
    this.#options.onFailedHandshake?.(peer, code);
  }

  /** @param local only those that came to this address; all if it is left out. */
  async close(code: number, reason: string, local?: string): Promise<void> {
    const meant = [...this.#connections].filter((connection) => local === undefined || connection.local?.host === local);
    await Promise.all(meant.map((connection) => connection.close(code, reason)));
  }

  async #serve(connection: Connection): Promise<void> {
    try {
      await this.#options.onConnection(connection);
    } catch (thrown) {
      const ended = thrown instanceof QuicError;
      void connection.close(ended ? CloseCode.normal : CloseCode.protocol).catch(() => undefined);
      if (!ended) this.#options.onError?.(thrown);
    }
  }

  #count(what: keyof ListenerCounters, more = 1): void {
    this.#counters = { ...this.#counters, [what]: this.#counters[what] + more };
  }

  #forget(connection: Connection, prefix: string): void {
    this.#connections.delete(connection);
    const left = (this.#perPrefix.get(prefix) ?? 1) - 1;
    if (left > 0) this.#perPrefix.set(prefix, left);
    else this.#perPrefix.delete(prefix);
  }
}

function refuse(transport: ConnectionTransport, reason: string): void {
  transport.attach({ stream: (stream) => stream.reset(CloseCode.rateLimited), closed: () => undefined });
  void transport.close(CloseCode.rateLimited, reason);
}
