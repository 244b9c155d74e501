import { createPrivateKey, X509Certificate } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { isUnspecified } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import { AdmittedConnections } from './admitted-connections.ts';
import { CloseCode } from './codes.ts';
import { CONTROL_ALPN } from './connection.ts';
import type { QuicRuntime, Server } from './transport/transport.ts';
import { connectionLimits } from './limits.ts';
import type { ConnectionLimits } from './limits.ts';
import type { ListenerCounters } from './listener-counters.ts';
import type { CertificateAndKey, ControlListener, ListenOptions } from './listen-options.ts';
import { isInUse, isNotAvailable, listenHosts, localHosts } from './local-hosts.ts';
import { pinOf } from './pin.ts';
import { QuicError, reasonOf, requireInteger } from './transport/quic-error.ts';

/**
 * Listens for control connections over QUIC. TLS 1.3; the client must offer `lstp/1`.
 *
 * @throws {QuicError} `ERR_QUIC_OPTION`, `ERR_QUIC_LISTEN`, `ERR_QUIC_UNAVAILABLE`
 */
export async function listenControl(options: ListenOptions): Promise<ControlListener> {
  const listener = new Listener(options);
  await listener.start();
  return listener;
}

/** Handshakes under way, and connections that are being refused or are closing, beyond those that count. */
const SPARE_CONNECTIONS = 64;
const PORT_TRIES = 150;
const PORT_PAUSE_MS = 20;
/** Ports that are tried when the system chooses one on the first address, and others have it in use on another. */
const MAX_CHOSEN_PORTS = 8;

class Listener implements ControlListener {
  readonly #options: ListenOptions;
  readonly #limits: ConnectionLimits;
  readonly #maxConnections: number;
  readonly #idleTimeoutMs: number;
  readonly #connections: AdmittedConnections;
  /** By address: the library cannot choose the address that it answers from, so each has a socket of its own. */
  readonly #servers = new Map<string, Server>();
  /** Servers of addresses that are gone. */
  readonly #ending = new Set<Promise<void>>();
  /** Why an address cannot be listened on, so that it is said once. */
  readonly #failures = new Map<string, string>();
  #localHosts: readonly string[];
  #port: number;
  #runtime: QuicRuntime = { mode: 'native', driver: 'unknown', fellBack: undefined };
  #certificate: CertificateAndKey;
  #isClosed = false;
  #changing: Promise<void> = Promise.resolve();

  constructor(options: ListenOptions) {
    this.#options = options;
    this.#certificate = options;
    this.#limits = connectionLimits(options.limits);
    this.#maxConnections = requireInteger('maxConnections', options.maxConnections ?? 1_024, 1, 1_000_000);
    this.#idleTimeoutMs = requireInteger('idleTimeoutMs', options.idleTimeoutMs ?? 30_000, 100, 3_600_000);
    this.#port = requireInteger('bind.port', options.bind.port, 0, 65_535);
    this.#localHosts = options.localHosts ?? localHosts();
    this.#connections = new AdmittedConnections({
      maxConnections: this.#maxConnections,
      maxConnectionsPerAddress: requireInteger('maxConnectionsPerAddress', options.maxConnectionsPerAddress ?? 32, 1, 1_000_000),
      limits: this.#limits,
      keepaliveMs: requireInteger('keepaliveMs', options.keepaliveMs ?? 0, 0, 3_600_000),
      onConnection: options.onConnection,
      onError: options.onError,
      onFailedHandshake: options.onFailedHandshake,
    });
  }

  get endpoint(): SocketAddress {
    this.#requireOpen();
    return { host: this.#options.bind.host, port: this.#port };
  }

  get hosts(): readonly string[] {
    return [...this.#servers.keys()];
  }

  get runtime(): QuicRuntime {
    return this.#runtime;
  }

  get pin(): Uint8Array {
    return pinOf(this.#certificate.certificatePem);
  }

  get connections(): number {
    return this.#connections.size;
  }

  get counters(): ListenerCounters {
    return this.#connections.counters;
  }

  async start(): Promise<void> {
    requireFitting(this.#certificate);
    const { host, port } = this.#options.bind;
    if (!isUnspecified(host)) return this.#open(host);
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#openAll();
      } catch (thrown) {
        await this.#stop(CloseCode.normal, 'the listener did not start');
        if (port !== 0 || tries === MAX_CHOSEN_PORTS || !isInUse(thrown)) throw thrown;
        this.#port = 0;
      }
    }
  }

  setLocalHosts(hosts: readonly string[]): Promise<void> {
    this.#localHosts = hosts;
    return this.#oneAtATime(async () => {
      if (this.#isClosed || !isUnspecified(this.#options.bind.host)) return;
      const wanted = new Set(listenHosts(this.#options.bind.host, this.#localHosts));
      for (const [host, server] of this.#servers) if (!wanted.has(host)) this.#end(host, server);
      for (const host of wanted) if (!this.#servers.has(host)) await this.#tryToOpen(host);
    });
  }

  replaceCertificate(certificate: CertificateAndKey): Promise<void> {
    return this.#oneAtATime(async () => {
      this.#requireOpen();
      requireFitting(certificate);
      const before = this.#certificate;
      const { hosts } = this;
      await this.#stop(CloseCode.certificateReplaced, 'the certificate was replaced, connect again');
      try {
        this.#certificate = certificate;
        for (const host of hosts) await this.#openAgain(host);
      } catch (thrown) {
        await this.#stop(CloseCode.normal, 'the certificate cannot be used');
        this.#certificate = before;
        for (const host of hosts) await this.#openAgain(host);
        throw thrown;
      }
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  close(code: number = CloseCode.serverShutdown, reason = 'the node is shutting down'): Promise<void> {
    return this.#oneAtATime(async () => {
      this.#isClosed = true;
      await this.#stop(code, reason);
      await Promise.all(this.#ending);
    });
  }

  async #openAll(): Promise<void> {
    for (const host of listenHosts(this.#options.bind.host, this.#localHosts)) {
      try {
        await this.#open(host);
      } catch (thrown) {
        // It is tried again when the addresses are told the next time.
        if (!isNotAvailable(thrown)) throw thrown;
      }
    }
  }

  async #open(host: string): Promise<void> {
    const { mode = 'auto', validateAddresses = true, temporaryFolders = [], onBound, onError } = this.#options;
    const { maxUnreadBytes: maxStreamBytes, maxStreams } = this.#limits;
    const { certificatePem, privateKeyPem } = this.#certificate;
    const { startServer } = await import('./http3/server.ts');
    const server = await startServer({
      alpn: CONTROL_ALPN,
      mode,
      bind: { host, port: this.#port },
      certificatePem,
      privateKeyPem,
      idleTimeoutMs: this.#idleTimeoutMs,
      maxConnections: this.#maxConnections + Math.max(SPARE_CONNECTIONS, this.#maxConnections >> 2),
      maxStreams,
      maxStreamBytes,
      validateAddresses,
      temporaryFolders,
      onConnection: (transport) => this.#connections.accept(transport, this.#runtime),
      onFailedHandshake: (peer, code) => this.#connections.handshakeFailed(peer, code),
      onError: (error) => onError?.(error),
    });
    this.#runtime = server.runtime;
    this.#port = server.endpoint.port;
    this.#servers.set(host, server);
    onBound?.({ host, port: this.#port });
  }

  /** While the listener runs, an address that fails does no harm to the others. */
  async #tryToOpen(host: string): Promise<void> {
    try {
      await this.#open(host);
      this.#failures.delete(host);
    } catch (thrown) {
      const why = reasonOf(thrown);
      if (!isNotAvailable(thrown) && this.#failures.get(host) !== why) this.#options.onError?.(thrown);
      this.#failures.set(host, why);
    }
  }

  /** The kernel may hold a closed port for some milliseconds more, until what was asked of it asynchronously is undone. */
  async #openAgain(host: string): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#open(host);
      } catch (thrown) {
        if (isNotAvailable(thrown) && isUnspecified(this.#options.bind.host)) return;
        if (tries === PORT_TRIES || !isInUse(thrown)) throw thrown;
        await setTimeout(PORT_PAUSE_MS);
      }
    }
  }

  /** Not waited for: what is said to the peers of an address that is gone arrives nowhere. */
  #end(host: string, server: Server): void {
    this.#servers.delete(host);
    const ending = this.#connections
      .close(CloseCode.serverShutdown, 'the node has this address no longer', host)
      .then(() => server.close())
      .catch((error: unknown) => this.#options.onError?.(error));
    const forgotten = ending.then(() => void this.#ending.delete(forgotten));
    this.#ending.add(forgotten);
  }

  async #stop(code: number, reason: string): Promise<void> {
    const servers = [...this.#servers.values()];
    this.#servers.clear();
    await this.#connections.close(code, reason);
    await Promise.all(servers.map((server) => server.close()));
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new QuicError('ERR_QUIC_CLOSED', 'the listener is closed');
  }

  #oneAtATime(change: () => Promise<void>): Promise<void> {
    const turn = this.#changing.then(change);
    this.#changing = turn.catch(() => undefined);
    return turn;
  }
}

function requireFitting({ certificatePem, privateKeyPem }: CertificateAndKey): void {
  let fits: boolean;
  try {
    fits = new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(privateKeyPem));
  } catch (thrown) {
    throw new QuicError('ERR_QUIC_LISTEN', `the certificate or its key cannot be read: ${reasonOf(thrown)}`, { cause: thrown });
  }
  if (!fits) throw new QuicError('ERR_QUIC_LISTEN', 'the private key is not that of the certificate');
}
