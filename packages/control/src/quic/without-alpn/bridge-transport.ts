import { QuicError } from '../quic-error.ts';
import type { Endpoint } from '../endpoint.ts';
import type { ConnectionHandlers, ConnectionTransport, StreamHandlers, StreamTransport, TransportClose } from '../transport.ts';
import type { BridgeEvent, Command } from './bridge-messages.ts';

/** What a stream is told of its own. */
type StreamEvent = Extract<BridgeEvent, { readonly stream: number }>;
type Tell = (command: Command) => void;
type Written = (error: Error | undefined) => void;

class BridgeStream implements StreamTransport {
  readonly id: number;
  readonly bidirectional = true;
  readonly #connection: number;
  readonly #tell: Tell;
  readonly #gone: () => void;
  #handlers: StreamHandlers | undefined;
  /** What happened before there were handlers. */
  readonly #missed: ((handlers: StreamHandlers) => void)[] = [];
  readonly #writing: Written[] = [];
  #readEnded = false;
  #writeEnded = false;
  #closed = false;

  constructor(connection: number, id: number, tell: Tell, gone: () => void) {
    this.#connection = connection;
    this.id = id;
    this.#tell = tell;
    this.#gone = gone;
  }

  attach(handlers: StreamHandlers): void {
    this.#handlers = handlers;
    for (const happened of this.#missed.splice(0)) happened(handlers);
  }

  write(bytes: Uint8Array, done: Written): void {
    if (this.#closed) {
      done(new Error('the stream has ended'));
      return;
    }
    this.#writing.push(done);
    this.#tell({ command: 'write', connection: this.#connection, stream: this.id, bytes: Buffer.from(bytes).toString('base64') });
  }

  end(): void {
    if (this.#closed) return;
    this.#tell({ command: 'end', connection: this.#connection, stream: this.id });
    this.#writeEnded = true;
    this.#closeIfOver();
  }

  reset(): void {
    if (this.#closed) return;
    this.#tell({ command: 'reset', connection: this.#connection, stream: this.id });
    this.close('the stream was reset');
  }

  take(event: StreamEvent): void {
    if (event.event === 'written') {
      this.#writing.shift()?.(event.failed === undefined ? undefined : new Error(event.failed));
    } else if (event.event === 'data') {
      const bytes = Buffer.from(event.bytes, 'base64');
      this.#happen((handlers) => handlers.data(bytes));
    } else if (event.event === 'ended') {
      this.#readEnded = true;
      this.#happen((handlers) => handlers.end());
      this.#closeIfOver();
    } else if (event.event === 'broken') {
      this.close(event.why);
    }
  }

  close(why: string | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const done of this.#writing.splice(0)) done(new Error(why ?? 'the stream has ended'));
    this.#happen((handlers) => handlers.closed(why));
    this.#gone();
  }

  #closeIfOver(): void {
    if (this.#readEnded && this.#writeEnded && this.#writing.length === 0) this.close(undefined);
  }

  #happen(what: (handlers: StreamHandlers) => void): void {
    if (this.#handlers === undefined) this.#missed.push(what);
    else what(this.#handlers);
  }
}

/**
 * A connection that the bridge holds. Deno tells neither round trip times nor when PINGs are to be sent, and its streams
 * cannot be reset with a code: the peer is asked to stop sending with code 0, and sees an end.
 */
export class BridgeTransport implements ConnectionTransport {
  readonly peer: Endpoint;
  readonly #connection: number;
  readonly #tell: Tell;
  readonly #streams = new Map<number, BridgeStream>();
  #handlers: ConnectionHandlers | undefined;
  readonly #missed: ((handlers: ConnectionHandlers) => void)[] = [];
  /** Bidirectional streams of clients are numbered 0, 4, 8 ..., those of servers 1, 5, 9 ... (RFC 9000, section 2.1). */
  #nextStream: number;
  #closed = false;
  readonly #ending = Promise.withResolvers<undefined>();

  constructor(connection: number, peer: Endpoint, side: 'client' | 'server', tell: Tell) {
    this.#connection = connection;
    this.peer = peer;
    this.#tell = tell;
    this.#nextStream = side === 'client' ? 0 : 1;
  }

  attach(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
    for (const happened of this.#missed.splice(0)) happened(handlers);
  }

  openStream(): StreamTransport {
    if (this.#closed) throw new QuicError('QUIC_CLOSED', 'no stream can be opened: the connection has ended');
    const stream = this.#add(this.#nextStream);
    this.#nextStream += 4;
    this.#tell({ command: 'open', connection: this.#connection, stream: stream.id });
    return stream;
  }

  ping(): void {
    // Deno sends its own, see `keepaliveMs` of `Connect`.
  }

  roundTripMs(): undefined {
    return undefined;
  }

  close(code: number, reason: string): Promise<void> {
    if (!this.#closed) this.#tell({ command: 'close', connection: this.#connection, code, reason });
    return this.#ending.promise;
  }

  /** Something has happened to one of its streams. */
  take(event: StreamEvent): void {
    if (event.event !== 'stream') {
      this.#streams.get(event.stream)?.take(event);
      return;
    }
    const stream = this.#add(event.stream);
    this.#happen((handlers) => handlers.stream(stream));
  }

  /** It has ended. */
  ended(close: TransportClose): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stream of [...this.#streams.values()]) stream.close('the connection has ended');
    this.#happen((handlers) => handlers.closed(close));
    this.#ending.resolve(undefined);
  }

  #add(id: number): BridgeStream {
    const stream = new BridgeStream(this.#connection, id, this.#tell, () => this.#streams.delete(id));
    this.#streams.set(id, stream);
    return stream;
  }

  #happen(what: (handlers: ConnectionHandlers) => void): void {
    if (this.#handlers === undefined) this.#missed.push(what);
    else what(this.#handlers);
  }
}
