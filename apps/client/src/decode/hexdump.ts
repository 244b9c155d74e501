import { ClientError } from '../base/errors.ts';

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
const USUAL_ROW_BYTES = 16;
/** Where `hexdump -C` and Wireshark leave a gap of two spaces. */
const HALF_ROW_BYTES = 8;

/** More digits than an offset has, and nothing else. */
const BARE_HEX = /^\s*(?:[0-9a-f]\s*){9,}$/i;

interface Row {
  readonly line: number;
  readonly offset: number;
  readonly rest: string;
}

/** Whether one of the lines is the first row of a hexdump. */
export function isHexdump(lines: readonly string[]): boolean {
  return lines.some((line, index) => parseRow(line, index, true)?.offset === 0);
}

/**
 * Reads hexdumps; each packet begins at offset 0. Lines around them that have no offset, such as headings, are skipped.
 * @throws {ClientError} `ERR_CLIENT_NOT_HEX` if offsets and bytes don't agree.
 */
export function hexdumpPackets(lines: readonly string[]): Uint8Array[] {
  const rows: Row[] = [];
  lines.forEach((line, index) => {
    const row = parseRow(line, index, false);
    if (row !== undefined) rows.push(row);
    else if (BARE_HEX.test(line)) throw notHex(`line ${index + 1}: bytes without an offset within a hexdump`);
  });
  const packets: number[][] = [];
  rows.forEach((row, index) => {
    const next = index + 1 < rows.length && rows[index + 1].offset > 0 ? rows[index + 1] : undefined;
    if (row.offset === 0) packets.push([]);
    const packet = packets.at(-1);
    if (packet === undefined || row.offset !== packet.length) {
      // A row that names bytes without showing them, such as "[200 bytes of payload]", needs no right offset.
      if (packet !== undefined && rowBytes(row.rest, USUAL_ROW_BYTES).length === 0) return;
      throw mismatch(row, packet?.length ?? 0);
    }
    const widest = row.offset === 0 ? USUAL_ROW_BYTES : rowLength(rows, index);
    packet.push(...rowBytes(row.rest, next === undefined ? widest : Math.max(next.offset - row.offset, 0)));
  });
  return packets.map((packet) => Uint8Array.from(packet));
}

/** Bytes of a full row of the packet that row `index` is in. */
function rowLength(rows: readonly Row[], index: number): number {
  let first = index;
  while (rows[first].offset !== 0) first--;
  return rows[first + 1].offset;
}

function mismatch(row: Row, before: number): ClientError {
  const offset = `0x${row.offset.toString(16).padStart(4, '0')}`;
  return notHex(`line ${row.line}: offset ${offset} follows ${before} bytes`);
}

function notHex(message: string): ClientError {
  return new ClientError('ERR_CLIENT_NOT_HEX', message);
}

/** @param strict take a number for an offset only if it cannot be data: a colon follows, or it is written wider. */
function parseRow(line: string, index: number, strict: boolean): Row | undefined {
  const parts = /^\s*(?:0x)?([0-9a-f]{3,8})(:?)\s+(.*?)\s*$/i.exec(line);
  if (parts === null) return undefined;
  const [, digits, colon, rest] = parts;
  if (strict && colon === '' && (/^[0-9a-f]+/i.exec(rest)?.[0].length ?? 0) >= digits.length) return undefined;
  return { line: index + 1, offset: Number.parseInt(digits, 16), rest };
}

/** The bytes at the start of a row's text, at most so many; what follows is its text column or a remark. */
function rowBytes(rest: string, most: number): number[] {
  const bytes: number[] = [];
  let width = 0;
  for (const [, gap, word] of rest.matchAll(/(\s*)(\S+)/g)) {
    const isHalfGap = gap === '  ' && bytes.length === HALF_ROW_BYTES;
    if (bytes.length >= most || (gap.length > 1 && !isHalfGap)) break;
    if (!/^([0-9a-f]{2}){1,4}$/i.test(word) || (width > 0 && word.length > width)) break;
    for (const pair of word.match(/../g) ?? []) bytes.push(Number.parseInt(pair, 16));
    // Only a row's last group is shorter than the others.
    if (word.length < width) break;
    width = word.length;
  }
  return bytes.slice(0, most);
}
