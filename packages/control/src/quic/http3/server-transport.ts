import { formatSocketAddress } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import { QuicError } from '../transport/quic-error.ts';
import type { ConnectionHandlers, ConnectionTransport, StreamHandlers, StreamTransport, TransportClose } from '../transport/transport.ts';
import { eventsTold } from './events-told.ts';

/** @returns false when the connection has ended and the call was not made */
type Upon = (call: () => unknown) => Promise<boolean>;

class StreamOfServer implements StreamTransport {
  readonly #stream: StreamTransport;
  readonly #upon: Upon;

  constructor(stream: StreamTransport, upon: Upon) {
    this.#stream = stream;
    this.#upon = upon;
  }

  get id(): number {
    return this.#stream.id;
  }

  get bidirectional(): boolean {
    return this.#stream.bidirectional;
  }

  attach(handlers: StreamHandlers): void {
    this.#stream.attach(handlers);
  }

  write(bytes: Uint8Array, done: (error: Error | null | undefined) => void): void {
    void this.#upon(() => this.#stream.write(bytes, done)).then((made) => {
      if (!made) done(new Error('the connection has ended'));
    });
  }

  end(): void {
    void this.#upon(() => this.#stream.end());
  }

  reset(code: number): void {
    void this.#upon(() => this.#stream.reset(code));
  }
}

/**
 * A connection of the library's server, spoken to with care. The library knows it by a number. When the connection is
 * gone, it gives that number to the next client at once. This thread learns of it only later, when it takes events
 * again. A call that is made in between, or afterwards, would close the connection of a stranger, or write to it what
 * was meant for another. So every call waits until the events that have happened are told, and none is made once the
 * connection is known to have ended.
 */
export class ServerTransport implements ConnectionTransport {
  readonly #connection: ConnectionTransport;
  #ended = false;
  #closing: Promise<void> | undefined;

  constructor(connection: ConnectionTransport) {
    this.#connection = connection;
  }

  get peer(): SocketAddress {
    return this.#connection.peer;
  }

  get local(): SocketAddress | undefined {
    return this.#connection.local;
  }

  attach(handlers: ConnectionHandlers): void {
    this.#connection.attach({
      stream: (stream) => handlers.stream(new StreamOfServer(stream, this.#upon)),
      closed: (close: TransportClose) => {
        this.#ended = true;
        handlers.closed(close);
      },
    });
  }

  openStream(): StreamTransport {
    if (this.#ended) throw new QuicError('ERR_QUIC_CLOSED', `the connection with ${formatSocketAddress(this.peer)} has ended`);
    return new StreamOfServer(this.#connection.openStream(), this.#upon);
  }

  ping(): void {
    void this.#upon(() => this.#connection.ping());
  }

  roundTripMs(): number | undefined {
    return this.#ended ? undefined : this.#connection.roundTripMs();
  }

  close(code: number, reason: string): Promise<void> {
    this.#closing ??= this.#upon(async () => {
      this.#ended = true;
      await this.#connection.close(code, reason);
    }).then(() => undefined);
    return this.#closing;
  }

  /** In the order in which it was asked to. */
  readonly #upon: Upon = async (call) => {
    await eventsTold();
    if (this.#ended) return false;
    try {
      await call();
    } catch {
      // The listener is gone, and all its connections with it.
      return false;
    }
    return true;
  };
}
