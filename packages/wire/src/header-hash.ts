import { HEADER_BYTES } from './constants.ts';
import type { ArenaOffset, ByteLength } from './roles.ts';

const NO_WORDS = new Int32Array(0);

/**
 * HalfSipHash-2-4 (Aumasson and Bernstein) over a header and the length of the payload behind it, as u16 (docs/protocol.md,
 * Packet tags). The header is read as it stands, 20 or 26 bytes, so that the message has 22 or 28.
 *
 * @param more - words of 4 bytes, little-endian, that follow a header of 26 bytes and the length, `count` of them.
 *
 * The rounds stand here in pairs rather than in a function, which takes half the time. Words are read by a `DataView`,
 * which saves another third.
 * @returns 32 bits as an int32.
 */
export function hashHeader(
  view: DataView,
  offset: ArenaOffset,
  headerBytes: ByteLength,
  payloadBytes: ByteLength,
  key0: number,
  key1: number,
  more: Int32Array = NO_WORDS,
  count = 0,
): number {
  let v0 = key0;
  let v1 = key1;
  let v2 = 0x6c79_6765 ^ key0;
  let v3 = 0x7465_6462 ^ key1;
  const isLong = headerBytes !== HEADER_BYTES;
  const end = offset + (headerBytes & ~3);
  for (let at = offset; at < end; at += 4) {
    const word = view.getInt32(at, true);
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);

    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  // The length is big-endian as on the wire, and the hash takes words as little-endian. Behind 20 bytes it shares the last
  // word with the message's own length, behind 26 bytes it fills a word that the extension began.
  const length = ((payloadBytes & 0xff) << 8) | (payloadBytes >> 8);
  let word = isLong ? view.getUint16(end, true) | (length << 16) : (22 << 24) | length;
  for (let left = isLong ? 3 + count : 2; left >= 0; left--) {
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);

    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
    // Four rounds without input finish.
    if (left === 2) v2 ^= 0xff;
    if (left > 3) word = more[3 + count - left];
    else word = left === 3 ? (28 + 4 * count) << 24 : 0;
  }
  return v1 ^ v3;
}
