import { decodeMessage, readLength } from './decode.ts';
import type { DecodingDialect } from './decode.ts';
import { LENGTH_BYTES, MAX_FRAME_BYTES } from './frame-size.ts';
import type { ControlMessage } from './message.ts';
import { refuse } from './refusal.ts';
import type { Refusal } from './refusal.ts';

const NOTHING = new Uint8Array(0);

/**
 * Cuts a stream of bytes into messages, however the bytes are split: `push` what arrived, then call `next` until it says
 * `'more'`. Messages of unknown types are skipped and counted. After a refusal the stream has no further messages: reset
 * it and drop the reader; the connection may go on.
 *
 *     read            written
 *      v                 v
 *     [.. frame .. frame ..        ]      grows with what is pushed, never with what a length prefix says:
 *                                         at most 4,098 bytes more than what is unread
 */
export class FrameReader {
  /**
   * How the messages to come are read; may be set at any time. A Register sets it to its own dialect when it is `detect`.
   */
  dialect: DecodingDialect;
  #bytes: Uint8Array = NOTHING;
  #start = 0;
  #end = 0;
  #skipped = 0;
  #refusal: Refusal | undefined = undefined;

  constructor(dialect: DecodingDialect = 'detect') {
    this.dialect = dialect;
  }

  /** Bytes pushed that are no part of a message yet. At most 4,097 once `next` has said `'more'`. */
  get bufferedBytes(): number {
    return this.#end - this.#start;
  }

  /** Messages of unknown types so far. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Takes a copy of `bytes`; any number of them. After a refusal it does nothing. */
  push(bytes: Uint8Array): void {
    if (this.#refusal !== undefined) return;
    if (this.#end + bytes.length > this.#bytes.length) this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** The next message, `'more'` when it is not complete yet, or the refusal, now and ever after. */
  next(): ControlMessage | Refusal | 'more' {
    for (;;) {
      if (this.#refusal !== undefined) return this.#refusal;
      if (this.bufferedBytes < LENGTH_BYTES) return this.#more();
      const length = readLength(this.#bytes, this.#start);
      if (typeof length !== 'number') return this.#refuse(length);
      if (this.bufferedBytes < LENGTH_BYTES + length) return this.#more();

      const start = this.#start + LENGTH_BYTES;
      const message = decodeMessage(this.#bytes, start, start + length, this.dialect);
      if (message.type === 'refused') return this.#refuse(message);
      this.#start = start + length;
      if (message.type === 'unknown') {
        this.#skipped += 1;
        continue;
      }
      if (message.type === 'register' && this.dialect === 'detect') this.dialect = message.dialect;
      return message;
    }
  }

  /** To be called when the stream has ended: a refusal when that cut a message short or one was refused before. */
  end(): Refusal | undefined {
    if (this.#refusal === undefined && this.bufferedBytes > 0) this.#refuse(refuse('frame_incomplete'));
    return this.#refusal;
  }

  #more(): 'more' {
    // What one large push needed is not kept for the life of a stream.
    if (this.#bytes.length > MAX_FRAME_BYTES) this.#keepUnread(this.#bytes.slice(this.#start, this.#end));
    return 'more';
  }

  #refuse(refusal: Refusal): Refusal {
    this.#refusal = refusal;
    this.#bytes = NOTHING;
    this.#start = 0;
    this.#end = 0;
    return refusal;
  }

  #makeRoom(added: number): void {
    const unread = this.#bytes.subarray(this.#start, this.#end);
    const needed = unread.length + added;
    // Doubled up to the size of a frame; beyond that a frame's worth of slack, so that many small pushes stay cheap.
    const capacity = needed <= MAX_FRAME_BYTES ? Math.min(2 * needed, MAX_FRAME_BYTES) : needed + MAX_FRAME_BYTES;
    if (capacity <= this.#bytes.length) {
      this.#keepUnread(this.#bytes.copyWithin(0, this.#start, this.#end));
    } else {
      const grown = new Uint8Array(capacity);
      grown.set(unread);
      this.#keepUnread(grown);
    }
  }

  /** Goes on in a buffer that has the unread bytes at its beginning. */
  #keepUnread(bytes: Uint8Array): void {
    this.#end -= this.#start;
    this.#start = 0;
    this.#bytes = bytes;
  }
}
