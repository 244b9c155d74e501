import { isDigits, parseDigits } from './digits.ts';
import type { DumpedPacket } from './dumped-packet.ts';
import { MAX_DUMPED_BYTES, notHex, shorten } from './hex-error.ts';
import { parseRow } from './hexdump-row.ts';
import { HexdumpReader } from './hexdump-reader.ts';

/** A row of `xxd -p`, which only the last row is shorter than. */
const PLAIN_ROW = /^[0-9a-f]{60}$/i;
const PLAIN_END = /^(?:[0-9a-f]{2}){1,30}$/i;
const MAX_HEADING = 200;

/**
 * Reads text line by line: hexdumps, whose packets begin at offset 0, or digits with one packet a line.
 * @throws {ClientError} `ERR_CLIENT_NOT_HEX`, from any method, with the line and what could not be read.
 */
export class TextReader {
  #line = 0;
  #dump: HexdumpReader | undefined;
  #hasDigits = false;
  /** The first line that is neither; a hexdump may follow. */
  #strange: { readonly line: number; readonly text: string } | undefined;
  #heading = '';
  #plainRows: Uint8Array[] = [];

  /** @param text a line without its end. @returns packets that this line completes. */
  add(text: string): DumpedPacket[] {
    const line = ++this.#line;
    if (this.#dump !== undefined) return present(this.#dump.add(text, line));
    if (parseRow(text, line, true)?.offset === 0) {
      if (this.#hasDigits) throw notHex(`line ${line}: a hexdump behind packets without offsets; give them apart`);
      this.#dump = new HexdumpReader(this.#heading);
      return present(this.#dump.add(text, line));
    }
    if (text.trim() === '') return this.#joinPlainRows();
    if (!this.#hasDigits && !isDigits(text)) {
      this.#strange ??= { line, text: shorten(text.trim()) };
      this.#heading = text.trim().slice(0, MAX_HEADING);
      return [];
    }
    this.#refuseStrange();
    this.#hasDigits = true;
    return this.#addDigits(text.trim(), line);
  }

  /** @returns packets that the end of the text completes. */
  end(): DumpedPacket[] {
    if (this.#dump !== undefined) return present(this.#dump.end());
    this.#refuseStrange();
    return this.#joinPlainRows();
  }

  #addDigits(text: string, line: number): DumpedPacket[] {
    const bytes = parseDigits(text, `line ${line}: `);
    if (PLAIN_ROW.test(text)) {
      this.#plainRows.push(bytes);
      if (this.#plainRows.length * bytes.length > MAX_DUMPED_BYTES) throw notHex(`more than ${MAX_DUMPED_BYTES} bytes as digits`);
      return [];
    }
    if (this.#plainRows.length > 0 && PLAIN_END.test(text)) {
      this.#plainRows.push(bytes);
      return this.#joinPlainRows();
    }
    return [...this.#joinPlainRows(), { bytes, heading: '', isDump: false, rows: [] }];
  }

  #joinPlainRows(): DumpedPacket[] {
    const rows = this.#plainRows;
    if (rows.length === 0) return [];
    this.#plainRows = [];
    return [{ bytes: Buffer.concat(rows), heading: '', isDump: false, rows: rows.length > 1 ? rows : [] }];
  }

  #refuseStrange(): void {
    if (this.#strange === undefined) return;
    const { line, text } = this.#strange;
    const word = text.split(/[\s:,{}]+/).find((one) => !isDigits(one)) ?? text;
    const why = /^(?:0x)?[0-9a-f]+$/i.test(word) ? 'has an odd number of digits; bytes have two' : 'is not hexadecimal';
    throw notHex(`line ${line}: "${word}" ${why}`);
  }
}

function present(packet: DumpedPacket | undefined): DumpedPacket[] {
  return packet === undefined ? [] : [packet];
}

/**
 * Reads what a command line gives in hexadecimal: digits, or a hexdump of one packet or several.
 * @throws {ClientError} `ERR_CLIENT_NOT_HEX` with what could not be read.
 */
export function parseHexArgument(text: string): DumpedPacket[] {
  const lines = text.split('\n');
  if (!lines.some((line, index) => parseRow(line, index + 1, true)?.offset === 0)) {
    return [{ bytes: parseDigits(text, ''), heading: '', isDump: false, rows: [] }];
  }
  const reader = new TextReader();
  return [...lines.flatMap((line) => reader.add(line)), ...reader.end()];
}
