import { HEADER_BYTES } from './constants.ts';

/**
 * Which form of the version 2 extension (and of some control messages) a session speaks. It is a property of the
 * session and cannot be told from a packet's bytes (docs/protocol.md, Dialects).
 */
export type Dialect = 'standard' | 'reference';

/** The dialects, for messages and argument checks. */
export const DIALECTS: readonly Dialect[] = ['standard', 'reference'];

/** Bytes of the `standard` extension: `group u16, index u8, size u8, flags u8, reserved u8`. */
export const FEC_EXTENSION_BYTES_STANDARD = 6;
/** Bytes of the `reference` extension: `group u16, index u8, size u8`. */
export const FEC_EXTENSION_BYTES_REFERENCE = 4;

/** Bytes of the FEC extension in `dialect`. */
export function fecExtensionBytes(dialect: Dialect): number {
  return dialect === 'standard' ? FEC_EXTENSION_BYTES_STANDARD : FEC_EXTENSION_BYTES_REFERENCE;
}

/** Bytes in front of a version 2 packet's payload in `dialect`: 26 or 24. */
export function fecHeaderBytes(dialect: Dialect): number {
  return HEADER_BYTES + fecExtensionBytes(dialect);
}
