import { ClientError } from '../base/errors.ts';
import { hexdumpPackets, isHexdump } from './hexdump.ts';

/**
 * Reads the packet that a command line gives in hexadecimal. The digits come in pairs, with or without spaces, line
 * breaks, colons, commas, braces or `0x` between them. Or they are a hexdump of one packet or several.
 * @throws {ClientError} `ERR_CLIENT_NOT_HEX` with what could not be read.
 */
export function parseHexArgument(text: string): Uint8Array[] {
  const lines = text.split('\n');
  return isHexdump(lines) ? hexdumpPackets(lines) : [parseDigits(text, '')];
}

/**
 * Reads what standard input brought. Anything that is not printable text is one packet in binary. Text is hexadecimal: one
 * packet a line, or hexdumps, in which each packet begins at offset 0.
 * @throws {ClientError} `ERR_CLIENT_NOT_HEX` with the line and what could not be read.
 */
export function parseHexInput(bytes: Uint8Array): Uint8Array[] {
  if (!isText(bytes)) return [bytes];
  const lines = new TextDecoder('latin1').decode(bytes).split('\n');
  if (isHexdump(lines)) return hexdumpPackets(lines);
  const packets: Uint8Array[] = [];
  lines.forEach((line, index) => {
    if (line.trim() !== '') packets.push(parseDigits(line, `line ${index + 1}: `));
  });
  return packets;
}

function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

function parseDigits(text: string, where: string): Uint8Array {
  const words = text.split(/[\s:,{}]+/).filter((word) => word !== '');
  const digits = words.map((word) => {
    const bare = word.replace(/^0x/i, '');
    if (!/^[0-9a-f]+$/i.test(bare)) throw notHex(`${where}"${shorten(word)}" is not hexadecimal`);
    if (bare.length % 2 === 1) throw notHex(`${where}"${shorten(word)}" has an odd number of digits; bytes have two`);
    return bare;
  });
  return Uint8Array.from(digits.join('').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function shorten(word: string): string {
  return word.length > 40 ? `${word.slice(0, 40)}...` : word;
}

function notHex(message: string): ClientError {
  return new ClientError('ERR_CLIENT_NOT_HEX', message);
}
