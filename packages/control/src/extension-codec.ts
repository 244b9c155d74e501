import { requireInteger } from './control-error.ts';
import type { Extension } from './extension.ts';

/** One kind of extension: makes it from a value, and finds its value in a message. */
export interface ExtensionCodec<T> {
  readonly id: number;
  /** @throws {ControlError} `ERR_CONTROL_FIELD_RANGE` or `ERR_CONTROL_TEXT_INVALID` */
  encode(value: T): Extension;
  /**
   * The value of the first extension of this kind that is well formed, undefined when there is none. Bytes after the
   * fields known today are ignored, so that fields can be added. The result may share memory with the extension.
   */
  find(extensions: readonly Extension[]): T | undefined;
}

/** A kind of extension out of how its value is written and read. */
export function codec<T>(
  id: number,
  toBytes: (value: T) => Uint8Array,
  fromBytes: (value: Uint8Array) => T | undefined,
): ExtensionCodec<T> {
  return {
    id,
    encode: (value) => ({ id, value: toBytes(value) }),
    find: (extensions) => {
      for (const extension of extensions) {
        const value = extension.id === id ? fromBytes(extension.value) : undefined;
        if (value !== undefined) return value;
      }
      return undefined;
    },
  };
}

/** Numbers of 32 bits one after the other, big-endian. */
export function u32s(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, at) => {
    requireInteger('extension field', value, 0xffff_ffff);
    view.setUint32(4 * at, value);
  });
  return bytes;
}

/** The number at a place, undefined if the value ends before it does. */
export function readU32(value: Uint8Array, at: number): number | undefined {
  if (value.length < at + 4) return undefined;
  return new DataView(value.buffer, value.byteOffset).getUint32(at);
}
