/** The last word of a message of 20 bytes: its length in the highest byte. */
const LENGTH_WORD = 20 << 24;

/**
 * HalfSipHash-1-3 (Aumasson and Bernstein) over five 32-bit words. It is for tables whose keys come from the network.
 * Senders that choose their addresses freely must not be able to choose their buckets.
 * @returns 32 bits as an int32
 */
export function halfSipHash(key0: number, key1: number, w0: number, w1: number, w2: number, w3: number, w4: number): number {
  let v0 = key0;
  let v1 = key1;
  let v2 = 0x6c79_6765 ^ key0;
  let v3 = 0x7465_6462 ^ key1;
  // Five words, the word that holds the length in bytes, then three rounds that finish.
  for (let round = 0; round < 9; round++) {
    const word =
      round < 4 ? (round < 2 ? (round === 0 ? w0 : w1) : round === 2 ? w2 : w3) : round === 4 ? w4 : round === 5 ? LENGTH_WORD : 0;
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
    v0 ^= word;
    if (round === 5) v2 ^= 0xff;
  }
  return v1 ^ v3;
}
