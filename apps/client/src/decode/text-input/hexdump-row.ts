import { notHex } from './hex-error.ts';

/*
 * Hexdumps as xxd, hexdump -C, tcpdump -x, Wireshark and documents print them:
 *
 *   00000000: 1000 002a 000f 4240 c0a8 0164 681a 0132  ...*..B@...dh..2
 *   00000000  10 00 00 2a 00 0f 42 40  c0 a8 01 64 68 1a 01 32  |...*..B@...dh..2|
 *   0000 10 00 00 2A 00 0F 42 40 C0 A8 01 64 68 1A 01 32 ...*..B@...dh..2
 *
 * What is offset and what is data shows in the offsets: the first is 0, and each row's is the number of bytes before it.
 */

/** Bytes of a row, where nothing tells. */
export const USUAL_ROW_BYTES = 16;
/** Where `hexdump -C` and Wireshark leave a gap of two spaces. */
const HALF_ROW_BYTES = 8;
/** Digits of the offsets of `hexdump` without `-C`, and of `od`. */
const WORDS_OFFSET_DIGITS = 7;

/** A line of a hexdump. */
export interface Row {
  /** Counts the lines of the input, from 1. */
  readonly line: number;
  readonly offset: number;
  /** What stands behind the offset. */
  readonly rest: string;
}

/**
 * Reads an offset and what is behind it. @returns undefined if the line has none.
 * @param isStrict take a number for an offset only if it cannot be data: a colon follows, or it is written wider.
 * @throws {ClientError} `ERR_CLIENT_NOT_HEX` of rows whose order of bytes depends on the machine.
 */
export function parseRow(text: string, line: number, isStrict: boolean): Row | undefined {
  const parts = /^\s*(?:0x)?([0-9a-f]{3,8})(:?)\s+(.*?)\s*$/i.exec(text);
  if (parts === null) return undefined;
  const [, digits, colon, rest] = parts;
  if (isStrict && colon === '' && (/^[0-9a-f]+/i.exec(rest)?.[0].length ?? 0) >= digits.length) return undefined;
  if (digits.length === WORDS_OFFSET_DIGITS && colon === '' && /^[0-9a-f]{4}(?:\s|$)/i.test(rest)) {
    throw notHex(`line ${line}: words whose bytes are in the order of the machine; use "hexdump -C" or "xxd"`);
  }
  return { line, offset: Number.parseInt(digits, 16), rest };
}

/** The bytes at the start of a row's text, at most so many; what follows is its text column or a remark. */
export function rowBytes(rest: string, most: number): number[] {
  const { bytes } = readRow(rest, most);
  return bytes;
}

/** Whether bytes seem to follow the first `most`: without a gap before them, and written like them. */
export function goesOn(rest: string, most: number): boolean {
  const { bytes, end, width } = readRow(rest, most);
  return bytes.length === most && new RegExp(`^ [0-9a-f]{${width}}(?: |$)`, 'i').test(rest.slice(end));
}

function readRow(rest: string, most: number): { bytes: number[]; end: number; width: number } {
  const bytes: number[] = [];
  let width = 0;
  let end = 0;
  for (const [whole, gap, word] of rest.matchAll(/(\s*)(\S+)/g)) {
    const isHalfGap = gap === '  ' && bytes.length === HALF_ROW_BYTES;
    if (bytes.length >= most || (gap.length > 1 && !isHalfGap)) break;
    if (!/^([0-9a-f]{2}){1,4}$/i.test(word) || (width > 0 && word.length > width)) break;
    for (const pair of word.match(/../g) ?? []) bytes.push(Number.parseInt(pair, 16));
    end += whole.length;
    // Only a row's last group is shorter than the others.
    if (word.length < width) break;
    width = word.length;
  }
  return { bytes: bytes.slice(0, most), end, width };
}
