import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { CloseCode, describeCloseCode, isAlpnRefusal, isCertificateRefusal } from './codes.ts';
import { Connection, CONTROL_ALPN } from './connection.ts';
import type { ControlConnection } from './connection.ts';
import { formatSocketAddress } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import { eventsTold } from './http3/events-told.ts';
import type { Dialing, QuicMode } from './transport/transport.ts';
import { connectionLimits } from './limits.ts';
import type { ConnectionLimits } from './limits.ts';
import { pinOf } from './pin.ts';
import { QuicError, reasonOf, requireInteger } from './transport/quic-error.ts';
import { certificateOf } from './tls-resumption.ts';
import { handshakeVerification, verifyPin } from './verification.ts';
import type { Verification } from './verification.ts';

/** Which node to connect to, and how to know it. */
export interface ConnectOptions {
  /** A name or an address. A name that has an IPv4 address is reached there. */
  readonly host: string;
  readonly port: number;
  /** Where the host is, if the caller has looked it up: an IP address. The certificate has to be that of `host` all the same. */
  readonly address?: string | undefined;
  readonly verify: Verification;
  /** For name, handshake and verification together. Default 5,000. */
  readonly timeoutMs?: number;
  /** Without a packet for so long (or for what the node says, if that is less) the connection ends. Default 30,000. */
  readonly idleTimeoutMs?: number;
  /** A PING every so often; 0 for none. Default 10,000. */
  readonly keepaliveMs?: number;
  /** Default `auto`. */
  readonly mode?: QuicMode;
  readonly limits?: Partial<ConnectionLimits>;
  /** Gives up. */
  readonly signal?: AbortSignal;
}

/**
 * Connects with a node: resolves when the handshake is over and `verify` is satisfied; nothing of the caller's is sent
 * before. A connection that the node has closed by then is `ERR_QUIC_CONNECT_REFUSED`; one that it closes later, in the same
 * millisecond maybe, says so by `whenClosed`. What a failure leaves open closes by itself.
 *
 * @throws {QuicError} `ERR_QUIC_OPTION`, `ERR_QUIC_RESOLVE`, `ERR_QUIC_UNAVAILABLE`, `ERR_QUIC_CONNECT_TIMEOUT`, `ERR_QUIC_CONNECT_REFUSED`,
 *   `ERR_QUIC_ALPN`, `ERR_QUIC_CERTIFICATE_REFUSED`, `ERR_QUIC_PIN_MISMATCH`, `ERR_QUIC_PIN_CHANGED`, `ERR_QUIC_PIN_UNSEEN`, `ERR_QUIC_CLOSED`
 */
export async function connectControl(options: ConnectOptions): Promise<ControlConnection> {
  const { host, port, verify, mode = 'auto', signal } = options;
  requireInteger('port', port, 1, 65_535);
  const timeoutMs = requireInteger('timeoutMs', options.timeoutMs ?? 5_000, 1, 600_000);
  const idleTimeoutMs = requireInteger('idleTimeoutMs', options.idleTimeoutMs ?? 30_000, 100, 3_600_000);
  const keepaliveMs = requireInteger('keepaliveMs', options.keepaliveMs ?? 10_000, 0, 3_600_000);
  const limits = connectionLimits(options.limits);
  const { serverName, authoritiesPem } = handshakeVerification(verify, host);
  const node = formatSocketAddress({ host, port });
  const deadline = new Deadline(timeoutMs, node, signal);

  try {
    const address = await deadline.orLater(resolve(options.address ?? host, port)).catch(unresolvedWhenLate(host));
    const { maxStreams, maxUnreadBytes: maxStreamBytes } = limits;
    // Loaded here and not before: it is large, and many commands connect with nobody.
    const { dial } = await import('./http3/client.ts');
    const dialing = await dial({
      alpn: CONTROL_ALPN,
      address,
      serverName,
      authoritiesPem,
      mode,
      idleTimeoutMs,
      maxStreams,
      maxStreamBytes,
    });
    const connection = new Connection(dialing.transport, dialing.runtime(), limits, keepaliveMs);
    try {
      await deadline.orLater(handshake(dialing, node));
      connection.runtime = dialing.runtime();
      const state = deadline.orLater(dialing.resumption);
      // An authority has vouched already, or nobody needs to: only a pin is worth waiting for.
      const needed = verify.kind === 'pin' || verify.kind === 'first-use';
      connection.peerPin = await (needed ? state.then(pinInState, unseenWhenLate) : pinIfThere(state));
      await verifyPin(verify, connection.peerPin, node);
      await eventsTold();
      requireOpen(connection, node);
      return connection;
    } catch (thrown) {
      const refused = thrown instanceof QuicError && thrown.code.startsWith('ERR_QUIC_PIN');
      const code = refused ? CloseCode.certificateRefused : CloseCode.normal;
      // Not waited for: the library may take seconds to give up on a node that does not answer.
      void connection.close(code).catch(() => undefined);
      throw thrown;
    }
  } finally {
    deadline.over();
  }
}

async function resolve(host: string, port: number): Promise<SocketAddress> {
  if (isIP(host) !== 0) return { host, port };
  try {
    const { address } = await lookup(host, { order: 'ipv4first' });
    return { host: address, port };
  } catch (thrown) {
    throw new QuicError('ERR_QUIC_RESOLVE', `${host} has no address: ${reasonOf(thrown)}`, { cause: thrown });
  }
}

function unresolvedWhenLate(host: string): (thrown: unknown) => never {
  return (thrown) => {
    if (!(thrown instanceof QuicError) || thrown.code !== 'ERR_QUIC_CONNECT_TIMEOUT') throw thrown;
    throw new QuicError('ERR_QUIC_RESOLVE', `${host} has no address: the name service does not answer`, { cause: thrown });
  };
}

/** Waits for its end and gives a failure the code that fits. */
async function handshake(dialing: Dialing, node: string): Promise<void> {
  try {
    await dialing.ready;
  } catch (thrown) {
    if (thrown instanceof QuicError) throw thrown;
    const close = dialing.closed();
    const said = close === undefined ? reasonOf(thrown) : `${describeCloseCode(close.code)} ${close.reason}`.trim();
    if (close !== undefined && isAlpnRefusal(close.code)) {
      throw new QuicError('ERR_QUIC_ALPN', `${node} speaks QUIC, but not ${CONTROL_ALPN}: ${said}`, { cause: thrown });
    }
    if (close !== undefined && isCertificateRefusal(close.code)) {
      const words = `the certificate of ${node} was not accepted: ${said}`;
      throw new QuicError('ERR_QUIC_CERTIFICATE_REFUSED', words, { cause: thrown });
    }
    throw new QuicError('ERR_QUIC_CONNECT_REFUSED', `no connection with ${node}: ${said}`, { cause: thrown });
  }
}

function requireOpen({ closed }: ControlConnection, node: string): void {
  if (closed === undefined) return;
  const said = `${describeCloseCode(closed.code)} ${closed.reason}`.trim();
  throw new QuicError('ERR_QUIC_CONNECT_REFUSED', `${node} ended the connection at once: ${said}`);
}

function pinInState(state: Uint8Array): Uint8Array | undefined {
  const certificate = certificateOf(state);
  return certificate === undefined ? undefined : pinOf(certificate);
}

function unseenWhenLate(thrown: unknown): undefined {
  if (thrown instanceof QuicError && thrown.code === 'ERR_QUIC_CONNECT_TIMEOUT') return undefined;
  throw thrown;
}

/** The pin if the state has come already. */
async function pinIfThere(state: Promise<Uint8Array>): Promise<Uint8Array | undefined> {
  state.catch(() => undefined);
  const pin = await Promise.race([state, Promise.resolve(undefined)]);
  return pin === undefined ? undefined : pinInState(pin);
}

/** One time limit for several steps, and the caller's signal. */
class Deadline {
  readonly #ended: Promise<never>;
  readonly #timer: NodeJS.Timeout;
  readonly #signal: AbortSignal | undefined;
  #abort: () => void = () => undefined;

  constructor(timeoutMs: number, node: string, signal: AbortSignal | undefined) {
    let reject: (error: QuicError) => void = () => undefined;
    this.#ended = new Promise<never>((_, rejectEnded) => {
      reject = rejectEnded;
    });
    this.#ended.catch(() => undefined);
    this.#timer = setTimeout(() => {
      reject(new QuicError('ERR_QUIC_CONNECT_TIMEOUT', `${node} did not complete a QUIC handshake within ${timeoutMs} ms`));
    }, timeoutMs);
    this.#signal = signal;
    this.#abort = () => reject(new QuicError('ERR_QUIC_CLOSED', `connecting with ${node} was given up`, { cause: signal?.reason }));
    if (signal?.aborted === true) this.#abort();
    else signal?.addEventListener('abort', this.#abort, { once: true });
  }

  orLater<T>(step: Promise<T>): Promise<T> {
    return Promise.race([step, this.#ended]);
  }

  over(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#abort);
  }
}
