import type { AddressBook, AddressHandle, Port } from '@lightspeed/wire';
import { AF_INET, AF_INET6 } from './constants.ts';

/*
 * Socket addresses as 32-bit words of a little-endian machine. An IPv6 socket has IPv4 addresses in IPv6 form.
 *
 *   sockaddr_in, 16 bytes:    | family | port BE | address BE | zero | zero |
 *   sockaddr_in6, 28 bytes:   | family | port BE | flow label | address BE, 4 words | scope |
 */

/** Length of struct sockaddr_in. */
export const SOCKADDR_BYTES = 16;
/** Length of struct sockaddr_in6. */
export const SOCKADDR_IN6_BYTES = 28;
/** Length of struct sockaddr_in6 in 32-bit words. */
export const SOCKADDR_IN6_WORDS = 7;
const IN6_ADDRESS = 2;
const IN6_SCOPE = 6;

/** Reverses the bytes of an int32: host order to network order and back. */
export function swap32(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}

/** Word 0 of a socket address. */
function familyAndPort(family: number, port: Port): number {
  return family | ((port & 0xff) << 24) | ((port & 0xff00) << 8);
}

/** The port in word 0 of a socket address. */
export function portOf(word: number): number {
  return ((word >>> 24) & 0xff) | ((word >>> 8) & 0xff00);
}

/** Writes the words of a sockaddr_in that differ from address to address. */
export function writeSockaddr(words: Int32Array, word: number, ip: AddressHandle, port: Port): void {
  words[word] = familyAndPort(AF_INET, port);
  words[word + 1] = swap32(ip);
}

/** Writes a sockaddr_in6 for an address of either family. */
export function writeSockaddrIn6(words: Int32Array, word: number, book: AddressBook, ip: AddressHandle, port: Port): void {
  words[word] = familyAndPort(AF_INET6, port);
  words[word + 1] = 0;
  writeIn6(words, word + IN6_ADDRESS, book, ip);
  words[word + IN6_SCOPE] = book.scope(ip);
}

/** The handle of the address in a sockaddr_in6. */
export function ipOfSockaddrIn6(words: Int32Array, word: number, book: AddressBook): number {
  return ipOfIn6(words, word + IN6_ADDRESS, book, words[word + IN6_SCOPE]);
}

/** Writes the four words of an in6_addr. */
export function writeIn6(words: Int32Array, word: number, book: AddressBook, ip: AddressHandle): void {
  words[word] = swap32(book.word(ip, 0));
  words[word + 1] = swap32(book.word(ip, 1));
  words[word + 2] = swap32(book.word(ip, 2));
  words[word + 3] = swap32(book.word(ip, 3));
}

/** The handle of the address in an in6_addr. */
export function ipOfIn6(words: Int32Array, word: number, book: AddressBook, scope: number): number {
  return book.intern(swap32(words[word]), swap32(words[word + 1]), swap32(words[word + 2]), swap32(words[word + 3]), scope);
}
