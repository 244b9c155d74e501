import type { BodyReader } from './body-reader.ts';
import type { BodyWriter } from './body-writer.ts';

/**
 * Something that a message says beyond its fixed fields: `[id u8][length u16][value]`, any number of them
 * (docs/protocol.md, Extensions). Whoever does not know an id skips it, so that peers of different age work together.
 */
export interface Extension {
  /** 0 to 255; from 0x40 up they are this project's, see {@link ExtensionId}. */
  readonly id: number;
  /** A copy when it was received. */
  readonly value: Uint8Array;
}

/** Reads what is left of a body as extensions. */
export function readExtensions(body: BodyReader): readonly Extension[] {
  const extensions: Extension[] = [];
  while (body.remaining > 0 && body.refusal === undefined) {
    const id = body.u8('extension_cut_short');
    const length = body.u16('extension_cut_short');
    const value = body.bytes(length, 'extension_cut_short');
    if (body.refusal === undefined) extensions.push({ id, value });
  }
  return extensions;
}

/** @throws {ControlError} `ERR_CONTROL_FIELD_RANGE`, `ERR_CONTROL_MESSAGE_TOO_LONG` */
export function writeExtensions(body: BodyWriter, extensions: readonly Extension[]): void {
  for (const { id, value } of extensions) {
    body.u8('extension id', id);
    // A value that is longer than its length field is longer than any message.
    body.u16('extension length', Math.min(value.length, 0xffff));
    body.bytes(value);
  }
}
