import type { QuicClientSession, QuicServerSession, QuicStream } from '@currentspace/http3';
import type { SocketAddress } from '@lightspeed/wire';
import { QuicError, reasonOf } from '../transport/quic-error.ts';
import type { ConnectionHandlers, ConnectionTransport, StreamHandlers, StreamTransport } from '../transport/transport.ts';
import { muteUnheardStreams } from './unheard-streams.ts';

/** Bit 1 of a stream's id tells the two directions from one (RFC 9000, section 2.1). */
const UNIDIRECTIONAL = 0x2;

class LibraryStream implements StreamTransport {
  readonly #stream: QuicStream;

  constructor(stream: QuicStream) {
    this.#stream = stream;
  }

  get id(): number {
    return this.#stream.id;
  }

  get bidirectional(): boolean {
    return (this.#stream.id & UNIDIRECTIONAL) === 0;
  }

  attach(handlers: StreamHandlers): void {
    let why: string | undefined;
    let ended = false;
    this.#stream.on('error', (error) => {
      why = error.message;
    });
    this.#stream.once('close', () => handlers.closed(why ?? (ended ? undefined : 'the stream was closed')));
    this.#stream.once('end', () => {
      ended = true;
      handlers.end();
    });
    this.#stream.on('data', (bytes: Uint8Array) => handlers.data(bytes));
  }

  write(bytes: Uint8Array, done: (error: Error | null | undefined) => void): void {
    this.#stream.write(bytes, done);
  }

  end(): void {
    this.#stream.end();
  }

  reset(code: number): void {
    this.#stream.close(code);
  }
}

/** A connection of the library, client's or server's, as one of ours. */
export class LibraryTransport implements ConnectionTransport {
  readonly peer: SocketAddress;
  readonly local: SocketAddress | undefined;
  readonly #connection: QuicClientSession | QuicServerSession;
  #handlers: ConnectionHandlers | undefined;
  /** What happened before there were handlers. */
  readonly #missed: ((handlers: ConnectionHandlers) => void)[] = [];

  constructor(connection: QuicClientSession | QuicServerSession, peer: SocketAddress, local?: SocketAddress) {
    this.#connection = connection;
    this.peer = peer;
    this.local = local;
    muteUnheardStreams();
    // What an error says, the close that follows it says too.
    connection.on('error', () => undefined);
    connection.on('stream', (stream: QuicStream) => {
      const transport = new LibraryStream(stream);
      this.#tell((handlers) => handlers.stream(transport));
    });
    connection.once('close', ({ errorCode, reason }: { errorCode: number; reason: string }) => {
      this.#tell((handlers) => handlers.closed({ code: errorCode, reason }));
    });
  }

  attach(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
    for (const event of this.#missed.splice(0)) event(handlers);
  }

  #tell(event: (handlers: ConnectionHandlers) => void): void {
    if (this.#handlers === undefined) this.#missed.push(event);
    else event(this.#handlers);
  }

  openStream(): StreamTransport {
    try {
      return new LibraryStream(this.#connection.openStream());
    } catch (thrown) {
      const reason = reasonOf(thrown);
      if (/StreamLimit|StreamBlocked/.test(reason)) {
        throw new QuicError('ERR_QUIC_STREAM_LIMIT', `the peer allows no further stream now (${reason})`, { cause: thrown });
      }
      throw new QuicError('ERR_QUIC_CLOSED', `no stream can be opened: ${reason}`, { cause: thrown });
    }
  }

  ping(): void {
    try {
      this.#connection.ping();
    } catch {
      // The connection has just ended; its close event says so.
    }
  }

  roundTripMs(): number | undefined {
    const rttMs = this.#connection.getMetrics()?.rttMs;
    return rttMs === undefined || rttMs === 0 ? undefined : rttMs;
  }

  async close(code: number, reason: string): Promise<void> {
    await this.#connection.close(code, reason);
  }
}
