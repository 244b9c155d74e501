import { readFileSync } from 'node:fs';
import type { ControlMessage, RefusalCode } from '@lightspeed/control';
import type { Dialect } from '@lightspeed/wire';

export interface MessageVector {
  readonly name: string;
  readonly dialect: Dialect;
  readonly frame: Uint8Array;
  readonly message: ControlMessage;
}

export interface RefusedVector {
  readonly name: string;
  readonly dialect: Dialect;
  readonly frame: Uint8Array;
  readonly code: RefusalCode;
}

interface RawVector {
  readonly name: string;
  readonly dialects: readonly Dialect[];
  readonly hex: string;
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.split(' ').filter(Boolean), (byte) => Number.parseInt(byte, 16));
}

export function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(' ');
}

/** A frame around `typeAndBody`, its length what it is. */
export function framed(typeAndBody: Uint8Array | readonly number[]): Uint8Array {
  return Uint8Array.from([typeAndBody.length >> 8, typeAndBody.length & 0xff, ...typeAndBody]);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function load<T>(file: string, revive?: (key: string, value: unknown) => unknown): readonly T[] {
  const text = readFileSync(new URL(`./vectors/${file}`, import.meta.url), 'utf8');
  return (JSON.parse(text, revive) as { vectors: readonly T[] }).vectors;
}

function perDialect<T extends RawVector>(vector: T): (T & { dialect: Dialect; frame: Uint8Array })[] {
  return vector.dialects.map((dialect) => ({ ...vector, dialect, frame: fromHex(vector.hex) }));
}

const revive = (key: string, value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  if (key.endsWith('TimestampUs') || key === 'timestampUs') return BigInt(value);
  return key === 'value' ? fromHex(value) : value;
};

type RawMessage = RawVector & { readonly message: ControlMessage };
type RawRefused = RawVector & { readonly code: RefusalCode };

export const messages: readonly MessageVector[] = load<RawMessage>('messages.json', revive).flatMap(perDialect);
export const refused: readonly RefusedVector[] = load<RawRefused>('refused.json').flatMap(perDialect);
