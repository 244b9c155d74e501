import { ControlError, requireInteger } from './control-error.ts';
import { LENGTH_BYTES, MAX_FRAME_BYTES, MAX_MESSAGE_BYTES } from './frame-size.ts';
import { encodeUtf8 } from './utf8.ts';

const MAX_U64 = 0xffff_ffff_ffff_ffffn;

/** Writes one frame, big-endian: its length prefix is filled in when it is finished. */
export class BodyWriter {
  readonly #bytes = new Uint8Array(MAX_FRAME_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  #at = LENGTH_BYTES;

  u8(field: string, value: number): void {
    requireInteger(field, value, 0xff);
    this.#view.setUint8(this.#reserve(1), value);
  }

  u16(field: string, value: number): void {
    requireInteger(field, value, 0xffff);
    this.#view.setUint16(this.#reserve(2), value);
  }

  u32(field: string, value: number): void {
    requireInteger(field, value, 0xffff_ffff);
    this.#view.setUint32(this.#reserve(4), value);
  }

  u64(field: string, value: bigint): void {
    if (value < 0n || value > MAX_U64) {
      throw new ControlError('ERR_CONTROL_FIELD_RANGE', `${field} must be from 0 to ${MAX_U64}, got ${value}`);
    }
    this.#view.setBigUint64(this.#reserve(8), value);
  }

  /** One length byte, then that many bytes of UTF-8. */
  str8(field: string, text: string): void {
    const bytes = requireUtf8(field, text);
    if (bytes.length > 0xff) {
      throw new ControlError('ERR_CONTROL_TEXT_TOO_LONG', `${field} must be at most 255 bytes of UTF-8, got ${bytes.length}`);
    }
    this.u8(field, bytes.length);
    this.bytes(bytes);
  }

  bytes(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#reserve(bytes.length));
  }

  /** The whole frame, a fresh array. */
  finish(): Uint8Array {
    this.#view.setUint16(0, this.#at - LENGTH_BYTES);
    return this.#bytes.slice(0, this.#at);
  }

  #reserve(length: number): number {
    const at = this.#at;
    if (at + length > MAX_FRAME_BYTES) {
      throw new ControlError(
        'ERR_CONTROL_MESSAGE_TOO_LONG',
        `a message must be at most ${MAX_MESSAGE_BYTES} bytes, got at least ${at + length - LENGTH_BYTES}`,
      );
    }
    this.#at = at + length;
    return at;
  }
}

/** @throws {ControlError} `ERR_CONTROL_TEXT_INVALID` */
export function requireUtf8(field: string, text: string): Uint8Array {
  const bytes = encodeUtf8(text);
  if (bytes === undefined) {
    throw new ControlError('ERR_CONTROL_TEXT_INVALID', `${field} must be valid Unicode, got half a surrogate pair`);
  }
  return bytes;
}
