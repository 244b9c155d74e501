import { createPrivateKey, X509Certificate } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { CloseCode, isAlpnRefusal } from './codes.ts';
import { Connection, CONTROL_ALPN } from './connection.ts';
import type { ControlConnection } from './connection.ts';
import { addressKey } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import type { QuicMode, QuicRuntime } from './http3/runtime.ts';
import { startServer } from './http3/server.ts';
import { connectionLimits } from './limits.ts';
import { COUNTED_CLOSES, NOTHING_YET } from './listener-counters.ts';
import type { ListenerCounters } from './listener-counters.ts';
import type { ConnectionLimits } from './limits.ts';
import { pinOf } from './pin.ts';
import { QuicError, reasonOf, requireWhole } from './quic-error.ts';
import type { ConnectionTransport, Server } from './transport.ts';

/** A certificate (leaf first, its chain after it) and its key. */
export interface CertificateAndKey {
  readonly certificatePem: string;
  /** PKCS #8 or SEC 1, not encrypted. */
  readonly privateKeyPem: string;
}

export interface ListenOptions extends CertificateAndKey {
  /** An address, not a name; port 0 takes any free port. */
  readonly bind: Endpoint;
  /**
   * Called for every connection whose handshake is over, before anything that the peer sent is handed out; a promise is
   * waited for. A connection
   * whose handler throws or rejects is closed; that a stream was reset or the connection ended is no fault of a handler.
   */
  readonly onConnection: (connection: ControlConnection) => unknown;
  /** What else `onConnection` threw, and what the library reports. Default: nothing happens. */
  readonly onError?: (error: unknown) => void;
  /**
   * A handshake failed, some seconds ago maybe. `code` is how QUIC ended it, see {@link describeCloseCode}; 0x178 is a peer
   * that named no application protocol, or none that is spoken here.
   */
  readonly onFailedHandshake?: (peer: Endpoint, code: number) => void;
  /** Default `auto`: native, else portable. The wasm form cannot listen. */
  readonly mode?: QuicMode;
  /** Default 1,024. */
  readonly maxConnections?: number;
  /** Of one IPv4 address, or of one IPv6 network of 64 bits. Default 32. */
  readonly maxConnectionsPerAddress?: number;
  /** Default 30,000. */
  readonly idleTimeoutMs?: number;
  /** A PING to every client every so often. Default 0: none, that is the clients' part. */
  readonly keepaliveMs?: number;
  /** Whether an address has to answer before anything is kept for it, which costs a round trip. Default true. */
  readonly validateAddresses?: boolean;
  readonly limits?: Partial<ConnectionLimits>;
}

export interface ControlListener {
  readonly endpoint: Endpoint;
  readonly runtime: QuicRuntime;
  /** The pin of the certificate in use. */
  readonly pin: Uint8Array;
  readonly connections: number;
  readonly counters: ListenerCounters;
  /**
   * Goes on with another certificate: closes every connection with `CloseCode.certificateReplaced`, upon which clients
   * connect again, and listens on the same port anew, some milliseconds later. A certificate that cannot be used
   * changes nothing.
   *
   * @throws {QuicError} `QUIC_LISTEN`, `QUIC_CLOSED`
   */
  replaceCertificate(certificate: CertificateAndKey): Promise<void>;
  /** Closes every connection, by default with `CloseCode.serverShutdown`, and the port. */
  close(code?: number, reason?: string): Promise<void>;
}

/**
 * Listens for control connections over QUIC. TLS 1.3; the client must offer `lstp/1`.
 *
 * @throws {QuicError} `QUIC_OPTION`, `QUIC_LISTEN`, `QUIC_UNAVAILABLE`
 */
export async function listenControl(options: ListenOptions): Promise<ControlListener> {
  const listener = new Listener(options);
  await listener.start(options.bind, options);
  return listener;
}

/** Handshakes under way, and connections that are being refused or are closing, beyond those that count. */
const SPARE_CONNECTIONS = 64;
const PORT_TRIES = 150;
const PORT_PAUSE_MS = 20;

class Listener implements ControlListener {
  readonly #options: ListenOptions;
  readonly #limits: ConnectionLimits;
  readonly #maxConnections: number;
  readonly #maxPerAddress: number;
  readonly #idleTimeoutMs: number;
  readonly #keepaliveMs: number;
  readonly #connections = new Set<Connection>();
  readonly #perAddress = new Map<string, number>();
  #counters = NOTHING_YET;
  #server: Server | undefined;
  #certificate: CertificateAndKey;
  #changing: Promise<void> = Promise.resolve();

  constructor(options: ListenOptions) {
    this.#options = options;
    this.#certificate = options;
    this.#limits = connectionLimits(options.limits);
    this.#maxConnections = requireWhole('maxConnections', options.maxConnections ?? 1_024, 1, 1_000_000);
    this.#maxPerAddress = requireWhole('maxConnectionsPerAddress', options.maxConnectionsPerAddress ?? 32, 1, 1_000_000);
    this.#idleTimeoutMs = requireWhole('idleTimeoutMs', options.idleTimeoutMs ?? 30_000, 100, 3_600_000);
    this.#keepaliveMs = requireWhole('keepaliveMs', options.keepaliveMs ?? 0, 0, 3_600_000);
    requireWhole('bind.port', options.bind.port, 0, 65_535);
  }

  get endpoint(): Endpoint {
    return this.#running().endpoint;
  }

  get runtime(): QuicRuntime {
    return this.#running().runtime;
  }

  get pin(): Uint8Array {
    return pinOf(this.#certificate.certificatePem);
  }

  get connections(): number {
    return this.#connections.size;
  }

  get counters(): ListenerCounters {
    let { refusals } = this.#counters;
    for (const connection of this.#connections) refusals += connection.refusals;
    return { ...this.#counters, refusals };
  }

  async start(bind: Endpoint, certificate: CertificateAndKey): Promise<void> {
    requireFitting(certificate);
    const { mode = 'auto', validateAddresses = true } = this.#options;
    const { maxUnreadBytes: maxStreamBytes, maxStreams } = this.#limits;
    this.#server = await startServer({
      alpn: CONTROL_ALPN,
      mode,
      bind,
      certificatePem: certificate.certificatePem,
      privateKeyPem: certificate.privateKeyPem,
      idleTimeoutMs: this.#idleTimeoutMs,
      maxConnections: this.#maxConnections + Math.max(SPARE_CONNECTIONS, this.#maxConnections >> 2),
      maxStreams,
      maxStreamBytes,
      validateAddresses,
      onConnection: (transport) => this.#accept(transport),
      onFailedHandshake: (peer, code) => this.#handshakeFailed(peer, code),
      onError: (error) => this.#options.onError?.(error),
    });
    this.#certificate = certificate;
  }

  replaceCertificate(certificate: CertificateAndKey): Promise<void> {
    return this.#oneAtATime(async () => {
      const server = this.#running();
      requireFitting(certificate);
      const before = this.#certificate;
      await this.#stop(server, CloseCode.certificateReplaced, 'the certificate was replaced, connect again');
      try {
        await this.#startAgain(server.endpoint, certificate);
      } catch (thrown) {
        await this.#startAgain(server.endpoint, before);
        throw thrown;
      }
    });
  }

  /** The kernel may hold a closed port for some milliseconds more, until what was asked of it asynchronously is undone. */
  async #startAgain(bind: Endpoint, certificate: CertificateAndKey): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.start(bind, certificate);
      } catch (thrown) {
        if (tries === PORT_TRIES || !reasonOf(thrown).includes('in use')) throw thrown;
        await setTimeout(PORT_PAUSE_MS);
      }
    }
  }

  close(code: number = CloseCode.serverShutdown, reason = 'the node is shutting down'): Promise<void> {
    return this.#oneAtATime(async () => {
      if (this.#server !== undefined) await this.#stop(this.#server, code, reason);
    });
  }

  async #stop(server: Server, code: number, reason: string): Promise<void> {
    this.#server = undefined;
    await Promise.all([...this.#connections].map((connection) => connection.close(code, reason)));
    await server.close();
  }

  #accept(transport: ConnectionTransport): void {
    const server = this.#server;
    const key = addressKey(transport.peer.host);
    const ofAddress = this.#perAddress.get(key) ?? 0;
    if (this.#connections.size >= this.#maxConnections) {
      this.#count('refusedOverMax');
      refuse(transport, 'the node has as many connections as it takes');
      return;
    }
    if (ofAddress >= this.#maxPerAddress) {
      this.#count('refusedOverMaxPerAddress');
      refuse(transport, 'too many connections from one address');
      return;
    }
    const runtime = server?.runtime ?? { mode: 'native', driver: 'unknown', fellBack: undefined };
    const connection = new Connection(transport, runtime, this.#limits, this.#keepaliveMs);
    this.#connections.add(connection);
    this.#perAddress.set(key, ofAddress + 1);
    this.#count('accepted');
    void connection.whenClosed.then((closed) => {
      this.#forget(connection, key);
      this.#count('refusals', connection.refusals);
      const counted = closed.by === 'us' ? COUNTED_CLOSES.get(closed.code) : undefined;
      if (counted !== undefined) this.#count(counted);
    });
    void this.#serve(connection);
  }

  #handshakeFailed(peer: Endpoint, code: number): void {
    this.#count(isAlpnRefusal(code) ? 'refusedOverAlpn' : 'failedHandshakes');
    this.#options.onFailedHandshake?.(peer, code);
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

  #forget(connection: Connection, key: string): void {
    this.#connections.delete(connection);
    const left = (this.#perAddress.get(key) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(key, left);
    else this.#perAddress.delete(key);
  }

  #running(): Server {
    if (this.#server === undefined) throw new QuicError('QUIC_CLOSED', 'the listener is closed');
    return this.#server;
  }

  #oneAtATime(change: () => Promise<void>): Promise<void> {
    const turn = this.#changing.then(change);
    this.#changing = turn.catch(() => undefined);
    return turn;
  }
}

function refuse(transport: ConnectionTransport, reason: string): void {
  transport.attach({ stream: (stream) => stream.reset(CloseCode.rateLimited), closed: () => undefined });
  void transport.close(CloseCode.rateLimited, reason);
}

function requireFitting({ certificatePem, privateKeyPem }: CertificateAndKey): void {
  let fits: boolean;
  try {
    fits = new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(privateKeyPem));
  } catch (thrown) {
    throw new QuicError('QUIC_LISTEN', `the certificate or its key cannot be read: ${reasonOf(thrown)}`, { cause: thrown });
  }
  if (!fits) throw new QuicError('QUIC_LISTEN', 'the private key is not that of the certificate');
}
