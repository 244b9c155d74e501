import { decodeUtf8 } from './utf8.ts';
import type { RefusalCode } from './refusal.ts';

/**
 * Reads the fields of one body, big-endian. The first fault is kept as `refusal`, and from then on every read gives
 * zeros. So a decoder reads all its fields and checks once, at the end.
 */
export class BodyReader {
  refusal: RefusalCode | undefined = undefined;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #at: number;

  /** Reads `bytes[start, end)`; what it gives out are copies. */
  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#end = end;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  u8(whenShort: RefusalCode = 'body_too_short'): number {
    return this.#take(1, whenShort) ? this.#view.getUint8(this.#at - 1) : 0;
  }

  u16(whenShort: RefusalCode = 'body_too_short'): number {
    return this.#take(2, whenShort) ? this.#view.getUint16(this.#at - 2) : 0;
  }

  u32(): number {
    return this.#take(4, 'body_too_short') ? this.#view.getUint32(this.#at - 4) : 0;
  }

  u64(): bigint {
    return this.#take(8, 'body_too_short') ? this.#view.getBigUint64(this.#at - 8) : 0n;
  }

  /** One length byte, then that many bytes of UTF-8. */
  str8(): string {
    const length = this.u8();
    if (!this.#take(length, 'body_too_short')) return '';
    const text = decodeUtf8(this.#bytes, this.#at - length, this.#at);
    if (text === undefined) this.refusal ??= 'invalid_utf8';
    return text ?? '';
  }

  /** A copy of the next `length` bytes. */
  bytes(length: number, whenShort: RefusalCode): Uint8Array {
    return this.#take(length, whenShort) ? this.#bytes.slice(this.#at - length, this.#at) : new Uint8Array(0);
  }

  #take(length: number, whenShort: RefusalCode): boolean {
    if (this.refusal !== undefined) return false;
    if (length > this.remaining) {
      this.refusal = whenShort;
      return false;
    }
    this.#at += length;
    return true;
  }
}
