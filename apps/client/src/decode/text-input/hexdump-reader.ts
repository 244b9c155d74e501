import type { DumpedPacket } from './dumped-packet.ts';
import { MAX_DUMPED_BYTES, notHex } from './hex-error.ts';
import { USUAL_ROW_BYTES, goesOn, parseRow, rowBytes } from './hexdump-row.ts';
import type { Row } from './hexdump-row.ts';

/** More digits than an offset has, and nothing else. */
const BARE_HEX = /^\s*(?:[0-9a-f]\s*){9,}$/i;
/** The line with which `hexdump -C` ends. */
const END_OFFSET = /^([0-9a-f]{6,8})\s*$/i;
/** What tshark calls bytes that it shows a second time, put together. */
const NAMED = /^(.+) \(\d+ bytes?\):$/;
const FIRST_BUFFER_BYTES = 256;

/**
 * Reads hexdumps line by line; each packet begins at offset 0, and ends with the next one, or a line without offset.
 * @throws {ClientError} `ERR_CLIENT_NOT_HEX`, from any method, if offsets and bytes do not agree.
 */
export class HexdumpReader {
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #length = 0;
  /** The last row, whose length the next one tells. */
  #row: Row | undefined;
  /** Bytes of each row of this packet but the last. */
  #width: number | undefined;
  #isSqueezed = false;
  #heading: string;

  /** @param heading the line above the first row. */
  constructor(heading: string) {
    this.#heading = heading;
  }

  /** @returns a packet that ended in front of this line. */
  add(text: string, line: number): DumpedPacket | undefined {
    if (text.trim() === '*' && this.#row !== undefined) {
      this.#isSqueezed = true;
      return undefined;
    }
    const end = END_OFFSET.exec(text);
    if (end !== null && this.#row !== undefined) return this.#closeAt({ line, offset: Number.parseInt(end[1], 16), rest: '' });
    const row = parseRow(text, line, false);
    if (row === undefined || rowBytes(row.rest, USUAL_ROW_BYTES).length === 0) return this.#breakAt(text, line, row !== undefined);
    if (row.offset > 0) {
      this.#reach(row);
      this.#row = row;
      return undefined;
    }
    const packet = this.end();
    this.#row = row;
    return packet;
  }

  /** @returns the packet that ends here, if one has begun. */
  end(): DumpedPacket | undefined {
    if (this.#row === undefined) return undefined;
    const { rest, line } = this.#row;
    const most = this.#width ?? USUAL_ROW_BYTES;
    if (this.#width === undefined && goesOn(rest, most)) {
      throw notHex(`line ${line}: a single row of more than ${most} bytes; print 16 in a row, as "xxd" does`);
    }
    this.#append(rowBytes(rest, most));
    return this.#finish();
  }

  #finish(): DumpedPacket | undefined {
    const bytes = this.#buffer.slice(0, this.#length);
    const heading = this.#heading;
    this.#length = 0;
    this.#row = undefined;
    this.#width = undefined;
    this.#isSqueezed = false;
    this.#heading = '';
    const [, name = 'Frame'] = NAMED.exec(heading) ?? [];
    return name === 'Frame' || name === 'Packet' ? { bytes, heading, isDump: true, rows: [] } : undefined;
  }

  #closeAt(row: Row): DumpedPacket | undefined {
    this.#reach(row);
    return this.#finish();
  }

  /** A line without bytes: a heading, or a row that names bytes without showing them, such as "[200 bytes of payload]". */
  #breakAt(text: string, line: number, isRow: boolean): DumpedPacket | undefined {
    if (!isRow && BARE_HEX.test(text)) throw notHex(`line ${line}: bytes without an offset within a hexdump`);
    const packet = this.end();
    if (text.trim() !== '') this.#heading = text.trim();
    return packet;
  }

  /** Takes the row before, which goes up to the offset of this one. */
  #reach(next: Row): void {
    const last = this.#row;
    if (last === undefined) throw mismatch(next, 0);
    const isEnd = next.rest === '';
    if (this.#isSqueezed) {
      this.#width ??= USUAL_ROW_BYTES;
      const row = rowBytes(last.rest, this.#width);
      this.#append(row);
      const missing = next.offset - this.#length;
      if (missing < 0 || this.#length + missing > MAX_DUMPED_BYTES || row.length !== this.#width) throw mismatch(next, this.#length);
      for (let left = missing; left > 0; left -= row.length) this.#append(row.slice(0, left));
      this.#isSqueezed = false;
      return;
    }
    const width = next.offset - last.offset;
    if (!isEnd) {
      this.#width ??= width;
      if (width > 0 && width < this.#width) throw uneven(last, width, this.#width);
    }
    this.#append(rowBytes(last.rest, Math.max(0, width)));
    if (next.offset !== this.#length) throw mismatch(next, this.#length);
  }

  #append(bytes: readonly number[]): void {
    const length = this.#length + bytes.length;
    if (length > MAX_DUMPED_BYTES) throw notHex(`a hexdump of more than ${MAX_DUMPED_BYTES} bytes; give the file itself`);
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(2 * length);
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }
}

function mismatch(row: Row, before: number) {
  const offset = `0x${row.offset.toString(16).padStart(4, '0')}`;
  return notHex(`line ${row.line}: offset ${offset} follows ${before} bytes`);
}

/** Wireshark's "Follow stream" counts on over datagrams: nothing says where the next one begins if a row is full. */
function uneven(row: Row, width: number, usual: number) {
  return notHex(
    `line ${row.line}: ${width} bytes in a row among rows of ${usual}, as if datagrams were joined; ` +
      'copy packets "as Hex Dump", or give the capture itself',
  );
}
