import { performance } from 'node:perf_hooks';
import type { OutgoingMessage } from '../message.ts';
import type { Dialect } from '@lightspeed/wire';
import { CloseCode, describeCloseCode, StreamCode } from './codes.ts';
import { formatSocketAddress } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import type { ConnectionTransport, QuicRuntime, StreamTransport } from './transport/transport.ts';
import { Budget } from './limits.ts';
import type { ConnectionLimits } from './limits.ts';
import { QuicError } from './transport/quic-error.ts';
import { MessageStream } from './stream.ts';
import type { ControlStream, StreamOwner } from './stream.ts';

/** The application protocol that both ends must name in the handshake (ALPN, RFC 7301). */
export const CONTROL_ALPN = 'lstp/1';

/** How a connection ended. */
export interface ConnectionClosed {
  readonly by: 'us' | 'peer' | 'idle timeout';
  /** A {@link CloseCode}, or a code of QUIC or TLS. */
  readonly code: number;
  /** As the peer said it: escape it before you print it. */
  readonly reason: string;
}

/** How a connection is closed with a last message. */
export interface Farewell {
  /** A {@link CloseCode}; `normal` by default. */
  readonly code?: number;
  /** What the close says; by default it names the reason of a Disconnect. */
  readonly reason?: string;
  /** Where the message goes; a stream of its own by default. */
  readonly stream?: ControlStream | undefined;
  /** By default the stream's. */
  readonly dialect?: Dialect;
  /** Default 500. */
  readonly lingerMs?: number;
}

/** One QUIC connection that carries control messages. */
export interface ControlConnection {
  readonly peer: SocketAddress;
  /** The node's own address that the client speaks to; undefined at a client's end. */
  readonly local: SocketAddress | undefined;
  /** The application protocol that both ends have named: `lstp/1`. */
  readonly alpn: string;
  readonly runtime: QuicRuntime;
  /** SHA-256 of the public key of the peer's certificate; undefined at a node's end, since clients show none. */
  readonly peerPin: Uint8Array | undefined;
  /** How it ended, undefined while it is open. */
  readonly closed: ConnectionClosed | undefined;
  /** Resolves when it has ended; never rejects. */
  readonly whenClosed: Promise<ConnectionClosed>;
  /** @throws {QuicError} `ERR_QUIC_STREAM_LIMIT` or `ERR_QUIC_CLOSED` */
  openStream(): ControlStream;
  /** The streams that the peer opens, to be iterated once. Ends with the connection, however that ends. */
  streams(): AsyncGenerator<ControlStream, void, undefined>;
  /** QUIC's smoothed round trip time; undefined when it is not known. */
  roundTripMs(): number | undefined;
  /** Keeps the connection from idling out once. */
  ping(): void;
  /**
   * Says `message`, waits until the peer closes, and closes: at the latest `lingerMs` after the call, whether the peer has
   * taken the message or not. QUIC forgets what is under way when a connection is closed, so a last message needs this.
   *
   * @throws {ControlError} when the message cannot be said; the connection is closed even so
   */
  closeAfter(message: OutgoingMessage, options?: Farewell): Promise<void>;
  /** Closes at once. Resolves when the library has let go of it. */
  close(code?: number, reason?: string): Promise<void>;
  /** As {@link close}: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

const STREAM_COST = 256;
const MIN_DATA_COST = 64;

/** A control connection over any {@link ConnectionTransport}, at a client's end or a node's. */
export class Connection implements ControlConnection, StreamOwner {
  readonly alpn = CONTROL_ALPN;
  readonly limits: ConnectionLimits;
  readonly whenClosed: Promise<ConnectionClosed>;
  runtime: QuicRuntime;
  peerPin: Uint8Array | undefined;
  /** Messages of the peer that were refused, and streams of it that were reset by a limit. */
  refusals = 0;
  #closed: ConnectionClosed | undefined;
  readonly #transport: ConnectionTransport;
  readonly #budget: Budget;
  readonly #streams = new Set<MessageStream>();
  readonly #waiting: MessageStream[] = [];
  #unsentBytes = 0;
  #wake: (() => void) | undefined;
  #resolveClosed: (closed: ConnectionClosed) => void = () => undefined;
  readonly #keepalive: NodeJS.Timeout | undefined;

  constructor(transport: ConnectionTransport, runtime: QuicRuntime, limits: ConnectionLimits, keepaliveMs: number) {
    this.#transport = transport;
    this.runtime = runtime;
    this.limits = limits;
    this.#budget = new Budget(limits.bytesPerSecond, limits.burstBytes, performance.now());
    this.whenClosed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    if (keepaliveMs > 0) {
      this.#keepalive = setInterval(() => transport.ping(), keepaliveMs);
      this.#keepalive.unref();
    }
    transport.attach({
      stream: (stream) => this.#accept(stream),
      closed: ({ code, reason }) => {
        this.#end({ by: code === 0 && reason === 'idle timeout' ? 'idle timeout' : 'peer', code, reason });
      },
    });
  }

  get peer(): SocketAddress {
    return this.#transport.peer;
  }

  get local(): SocketAddress | undefined {
    return this.#transport.local;
  }

  get closed(): ConnectionClosed | undefined {
    return this.#closed;
  }

  openStream(): ControlStream {
    if (this.#closed !== undefined) throw this.#closedError();
    const stream = new MessageStream(this.#transport.openStream(), this);
    this.#streams.add(stream);
    return stream;
  }

  async *streams(): AsyncGenerator<ControlStream, void, undefined> {
    for (;;) {
      const stream = this.#waiting.shift();
      if (stream !== undefined) yield stream;
      else if (this.#closed !== undefined) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  roundTripMs(): number | undefined {
    return this.#closed === undefined ? this.#transport.roundTripMs() : undefined;
  }

  ping(): void {
    if (this.#closed === undefined) this.#transport.ping();
  }

  async closeAfter(message: OutgoingMessage, farewell: Farewell = {}): Promise<void> {
    if (this.#closed !== undefined) return;
    const { code = CloseCode.normal, reason = reasonIn(message), lingerMs = 500 } = farewell;
    let timer: NodeJS.Timeout | undefined;
    const lingered = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, lingerMs);
    });
    try {
      await Promise.race([this.#sayLast(message, farewell), lingered]);
    } finally {
      clearTimeout(timer);
      await this.close(code, reason);
    }
  }

  /** Resolves when the peer has closed. */
  async #sayLast(message: OutgoingMessage, { stream, dialect }: Farewell): Promise<void> {
    try {
      const last = stream ?? this.openStream();
      await last.send(message, dialect);
      last.end();
    } catch (thrown) {
      // A peer that takes no stream, or is gone, is closed all the same; what cannot be said is the caller's fault.
      if (!(thrown instanceof QuicError)) throw thrown;
    }
    await this.whenClosed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async close(code: number = CloseCode.normal, reason = ''): Promise<void> {
    // Also when the peer was first: the library may hold threads until it is told.
    this.#end({ by: 'us', code, reason });
    await this.#transport.close(code, reason);
  }

  received(bytes: number): boolean {
    return this.#spend(Math.max(bytes, MIN_DATA_COST));
  }

  offended(): void {
    this.refusals += 1;
    if (this.refusals > this.limits.maxRefusals) this.#drop(CloseCode.protocol, 'too many messages were refused');
  }

  unsent(bytes: number): boolean {
    this.#unsentBytes += bytes;
    if (this.#unsentBytes <= this.limits.maxUnsentBytes) return true;
    this.#drop(CloseCode.notReading, 'too many bytes wait to be sent');
    return false;
  }

  finished(stream: MessageStream): void {
    this.#streams.delete(stream);
  }

  #accept(transport: StreamTransport): void {
    if (this.#closed !== undefined || !this.#spend(STREAM_COST)) return;
    if (!transport.bidirectional || this.#waiting.length >= this.limits.maxStreams) {
      // Handlers even so: a stream without any throws what happens to it.
      transport.attach({ data: () => undefined, end: () => undefined, closed: () => undefined });
      transport.reset(transport.bidirectional ? StreamCode.overflow : StreamCode.unidirectional);
      this.offended();
      return;
    }
    const stream = new MessageStream(transport, this);
    this.#streams.add(stream);
    this.#waiting.push(stream);
    this.#wakeReader();
  }

  #spend(cost: number): boolean {
    if (this.#budget.spend(cost, performance.now())) return true;
    this.#drop(CloseCode.rateLimited, 'too many bytes');
    return false;
  }

  #drop(code: number, reason: string): void {
    if (this.#closed !== undefined) return;
    void this.close(code, reason).catch(() => undefined);
  }

  #end(closed: ConnectionClosed): void {
    if (this.#closed !== undefined) return;
    this.#closed = Object.freeze(closed);
    if (this.#keepalive !== undefined) clearInterval(this.#keepalive);
    const error = this.#closedError();
    for (const stream of [...this.#streams]) stream.fail(error);
    this.#streams.clear();
    this.#wakeReader();
    this.#resolveClosed(this.#closed);
  }

  #closedError(): QuicError {
    const { by = 'us', code = 0, reason = '' } = this.#closed ?? {};
    const said = reason === '' || by === 'idle timeout' ? '' : `: ${JSON.stringify(reason)}`;
    const how = by === 'idle timeout' ? by : `by ${by === 'us' ? 'this end' : 'the peer'}, ${describeCloseCode(code)}${said}`;
    return new QuicError('ERR_QUIC_CLOSED', `the connection with ${formatSocketAddress(this.peer)} is closed (${how})`);
  }

  #wakeReader(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

function reasonIn(message: OutgoingMessage): string {
  return message.type === 'disconnect' ? `disconnect: ${String(message.reason)}` : '';
}
