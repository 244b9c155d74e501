import { AF_INET } from './constants.ts';

/*
 * sockaddr_in, 16 bytes, as 32-bit words of a little-endian machine:
 *
 *   word 0              word 1            words 2-3
 *   | family | port BE | address BE      | zero |
 */

export const SOCKADDR_BYTES = 16;
export const SOCKADDR_WORDS = 4;

/** Reverses the bytes of an int32: host order to network order and back. */
export function swap32(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}

/** Word 0 of a sockaddr_in. */
export function familyAndPort(port: number): number {
  return AF_INET | ((port & 0xff) << 24) | ((port & 0xff00) << 8);
}

/** The port in word 0 of a sockaddr_in. */
export function portOf(word: number): number {
  return ((word >>> 24) & 0xff) | ((word >>> 8) & 0xff00);
}

export function writeSockaddr(words: Int32Array, word: number, ip: number, port: number): void {
  words[word] = familyAndPort(port);
  words[word + 1] = swap32(ip);
  words[word + 2] = 0;
  words[word + 3] = 0;
}
