import {
  FLAG_FIN,
  FLAG_FRAGMENT,
  FLAG_HANDSHAKE,
  FLAG_KEEPALIVE,
  VERSION_FEC,
  VERSION_PLAIN,
  VERSION_TAGGED_FEC,
  VERSION_TAGGED_PLAIN,
  formatIpv4,
} from '@lightspeed/wire';
import type { Dialect } from '@lightspeed/wire';

/** One field of a packet, explained. */
export interface Field {
  /** Bytes from the packet's start. */
  readonly offset: number;
  /** Bytes; 1 for each of the two fields that share the first byte. */
  readonly length: number;
  /** The field's bytes; where it is half a byte, a dot stands for the other half. */
  readonly hex: string;
  readonly name: string;
  readonly value: number | string;
  /** What comes behind the value where it is shown, such as a unit. */
  readonly unit: string;
  readonly meaning: string;
}

const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [FLAG_FIN, 'FIN'],
  [FLAG_HANDSHAKE, 'HANDSHAKE'],
  [FLAG_KEEPALIVE, 'KEEPALIVE'],
  [FLAG_FRAGMENT, 'FRAGMENT'],
];

/** The names of the flags that are set, in the order in which they count. */
export function flagNames(flags: number): string[] {
  return FLAG_NAMES.filter(([flag]) => (flags & flag) !== 0).map(([, name]) => name);
}

/** Reads a packet's fields one after the other, as far as there are bytes. */
export class FieldReader {
  readonly fields: Field[] = [];
  readonly bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.bytes.length - this.#offset;
  }

  versionAndFlags(dialect: Dialect): void {
    if (this.left < 1) return;
    const version = this.bytes[0] >> 4;
    const flags = this.bytes[0] & 0x0f;
    const digit = (nibble: number) => nibble.toString(16).toUpperCase();
    this.#add(1, 'version', version, { hex: `${digit(version)}.`, meaning: explainVersion(version, dialect) });
    this.#add(1, 'flags', flags, { hex: `.${digit(flags)}`, meaning: explainFlags(flags) });
    this.#offset = 1;
  }

  /** An unsigned number of 1 to 4 bytes, big-endian. */
  number(length: number, name: string, explain: (value: number) => string, unit = ''): void {
    if (this.#isCut(length, name)) return;
    let value = 0;
    for (let i = 0; i < length; i++) value = value * 256 + this.bytes[this.#offset + i];
    this.#add(length, name, value, { unit, meaning: explain(value) });
    this.#offset += length;
  }

  /** An unsigned number of more than 4 bytes, big-endian; its value is text. All its bytes must be there. */
  wide(length: number, name: string, meaning: string): void {
    let value = 0n;
    for (let i = 0; i < length; i++) value = value * 256n + BigInt(this.bytes[this.#offset + i]);
    this.#add(length, name, value.toString(), { meaning });
    this.#offset += length;
  }

  ipv4(name: string, explain: (isZero: boolean) => string): void {
    if (this.#isCut(4, name)) return;
    const [a, b, c, d] = this.bytes.subarray(this.#offset, this.#offset + 4);
    const ip = (a << 24) | (b << 16) | (c << 8) | d;
    this.#add(4, name, formatIpv4(ip), { meaning: explain(ip === 0) });
    this.#offset += 4;
  }

  /** The next `length` bytes as they are; its value is how many they are. */
  raw(length: number, name: string, meaning: string): void {
    this.#add(length, name, length, { unit: length === 1 ? ' byte' : ' bytes', meaning });
    this.#offset += length;
  }

  /** Notes the start of a field that the packet does not hold to its end. */
  #isCut(length: number, name: string): boolean {
    if (this.left >= length) return false;
    if (this.left > 0) this.raw(this.left, name, `cut short: the field has ${length} bytes`);
    return true;
  }

  #add(
    length: number,
    name: string,
    value: number | string,
    { hex, unit = '', meaning }: { hex?: string; unit?: string; meaning: string },
  ): void {
    const offset = this.#offset;
    const shown = hex ?? hexOf(this.bytes.subarray(offset, offset + length));
    this.fields.push({ offset, length, hex: shown, name, value, unit, meaning });
  }
}

/** Bytes as pairs of digits with spaces between them. */
function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ');
}

function explainVersion(version: number, dialect: Dialect): string {
  if (version === VERSION_PLAIN) return 'plain';
  if (version === VERSION_FEC) return 'with FEC extension';
  if (version === VERSION_TAGGED_PLAIN && dialect === 'standard') return 'plain, with a tag';
  if (version === VERSION_TAGGED_FEC && dialect === 'standard') return 'with FEC extension and a tag';
  return 'unknown; the rest is read as if it were version 1';
}

function explainFlags(flags: number): string {
  if (flags === 0) return 'none: carries a payload';
  const names = flagNames(flags);
  return names.length === 1 ? names[0] : `${names.join(' + ')}: counts as ${names[0]}`;
}
