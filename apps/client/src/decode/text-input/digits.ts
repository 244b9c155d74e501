import { notHex, shorten } from './hex-error.ts';

/**
 * Reads digits in pairs, with or without spaces, line breaks, colons, commas, braces or `0x` between them.
 * @param where what an error begins with, such as `line 3: `.
 * @throws {ClientError} `ERR_CLIENT_NOT_HEX` with the word that could not be read.
 */
export function parseDigits(text: string, where: string): Uint8Array {
  const words = text.split(/[\s:,{}]+/).filter((word) => word !== '');
  const digits = words.map((word) => {
    const bare = word.replace(/^0x/i, '');
    if (!/^[0-9a-f]+$/i.test(bare)) throw notHex(`${where}"${shorten(word)}" is not hexadecimal`);
    if (bare.length % 2 === 1) throw notHex(`${where}"${shorten(word)}" has an odd number of digits; bytes have two`);
    return bare;
  });
  return Uint8Array.from(digits.join('').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Whether a line is digits that {@link parseDigits} reads. */
export function isDigits(line: string): boolean {
  const words = line.split(/[\s:,{}]+/).filter((word) => word !== '');
  return words.length > 0 && words.every((word) => /^(?:0x)?(?:[0-9a-f]{2})+$/i.test(word));
}
