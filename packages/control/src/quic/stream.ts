import type { Dialect } from '@lightspeed/wire';
import type { DecodingDialect } from '../decode.ts';
import { encode } from '../encode.ts';
import { FrameReader } from '../frame-reader.ts';
import type { ControlMessage, OutgoingMessage } from '../message.ts';
import type { Refusal } from '../refusal.ts';
import { StreamCode } from './codes.ts';
import type { ConnectionLimits } from './limits.ts';
import { QuicError } from './transport/quic-error.ts';
import type { StreamTransport } from './transport/transport.ts';

/** Control messages in both directions, as many as one likes. */
export interface ControlStream {
  /** QUIC's number of the stream. */
  readonly id: number;
  /** How messages to come are read; a Register sets it when it is `detect`, as it is at first. May be set at any time. */
  dialect: DecodingDialect;
  /**
   * The messages of the peer, to be iterated by one reader at a time; leaving a loop early leaves the rest for the next.
   * Ends when the peer has ended its direction. A {@link Refusal} is the last thing that is yielded: the stream is reset
   * then, the connection goes on.
   *
   * @throws {QuicError} `ERR_QUIC_STREAM_RESET` or `ERR_QUIC_CLOSED` when the stream ended otherwise
   */
  messages(): AsyncGenerator<ControlMessage | Refusal, void, undefined>;
  /**
   * Sends a message in `dialect`, by default the stream's own (`standard` while that is `detect`). Resolves when QUIC has
   * taken it, which says nothing about its arrival.
   *
   * @throws {ControlError} when the message cannot be said
   * @throws {QuicError} `ERR_QUIC_STREAM_RESET`, `ERR_QUIC_CLOSED`, or `ERR_QUIC_PEER_NOT_READING` (the connection is closed then)
   */
  send(message: OutgoingMessage, dialect?: Dialect): Promise<void>;
  /** There will be no further messages of ours. */
  end(): void;
  /** Ends both directions at once and forgets what has not arrived. */
  reset(code?: number): void;
}

/** What a stream needs of its connection. */
export interface StreamOwner {
  readonly limits: ConnectionLimits;
  /** Accounts received bytes. @returns false when the connection was closed for it */
  received(bytes: number): boolean;
  /** A message was refused or a limit exceeded. */
  offended(): void;
  /** Bytes that wait to be sent, added or (negative) taken by QUIC. @returns false when there are too many */
  unsent(bytes: number): boolean;
  finished(stream: MessageStream): void;
}

/** A stream of whole messages over a {@link StreamTransport} of bytes. */
export class MessageStream implements ControlStream {
  readonly #transport: StreamTransport;
  readonly #owner: StreamOwner;
  readonly #reader = new FrameReader();
  #ended = false;
  #failure: QuicError | undefined;
  #finished = false;
  #wake: (() => void) | undefined;
  /** Those who wait for QUIC to take a message. */
  readonly #senders = new Set<(error: QuicError) => void>();

  constructor(transport: StreamTransport, owner: StreamOwner) {
    this.#transport = transport;
    this.#owner = owner;
    transport.attach({
      data: (bytes) => this.#data(bytes),
      end: () => {
        this.#ended = true;
        this.#wakeReader();
      },
      closed: (why) => this.#closed(why),
    });
  }

  get id(): number {
    return this.#transport.id;
  }

  get dialect(): DecodingDialect {
    return this.#reader.dialect;
  }

  set dialect(dialect: DecodingDialect) {
    this.#reader.dialect = dialect;
  }

  async *messages(): AsyncGenerator<ControlMessage | Refusal, void, undefined> {
    for (;;) {
      const message = this.#reader.next();
      if (message !== 'more') {
        if (message.type === 'refused') this.#refuse();
        yield message;
        if (message.type === 'refused') return;
      } else if (this.#ended) {
        const cutShort = this.#reader.end();
        if (cutShort === undefined) return;
        this.#refuse();
        yield cutShort;
        return;
      } else if (this.#failure !== undefined) {
        throw this.#failure;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  async send(message: OutgoingMessage, dialect?: Dialect): Promise<void> {
    const own = this.#reader.dialect === 'detect' ? 'standard' : this.#reader.dialect;
    const frame = encode(message, dialect ?? own);
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#owner.unsent(frame.length)) {
      throw new QuicError('ERR_QUIC_PEER_NOT_READING', `more than ${this.#owner.limits.maxUnsentBytes} bytes wait to be sent`);
    }
    await new Promise<void>((resolve, reject) => {
      this.#senders.add(reject);
      this.#transport.write(frame, (error) => {
        this.#senders.delete(reject);
        this.#owner.unsent(-frame.length);
        if (error) reject(this.#failure ?? new QuicError('ERR_QUIC_STREAM_RESET', error.message, { cause: error }));
        else resolve();
      });
    });
  }

  end(): void {
    if (this.#failure === undefined) this.#transport.end();
  }

  reset(code: number = StreamCode.cancelled): void {
    if (this.#finished) return;
    this.fail(new QuicError('ERR_QUIC_STREAM_RESET', `stream ${this.id} was reset by this end with 0x${code.toString(16)}`));
    this.#transport.reset(code);
  }

  /** Nothing more can be sent or read, as when the connection is closed: `error` says why. */
  fail(error: QuicError): void {
    this.#failure ??= error;
    // Not left to the library: it may never say what became of bytes that it holds.
    for (const reject of this.#senders) reject(this.#failure);
    this.#senders.clear();
    this.#wakeReader();
  }

  #data(bytes: Uint8Array): void {
    if (this.#failure !== undefined || !this.#owner.received(bytes.length)) return;
    if (this.#reader.bufferedBytes + bytes.length > this.#owner.limits.maxUnreadBytes) {
      this.reset(StreamCode.overflow);
      this.#owner.offended();
      return;
    }
    this.#reader.push(bytes);
    this.#wakeReader();
  }

  #refuse(): void {
    if (!this.#finished) this.reset(StreamCode.refused);
    this.#owner.offended();
  }

  #closed(why: string | undefined): void {
    this.#finished = true;
    this.#owner.finished(this);
    if (why === undefined) this.#wakeReader();
    else this.fail(new QuicError('ERR_QUIC_STREAM_RESET', `stream ${this.id} ended: ${why}`));
  }

  #wakeReader(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
