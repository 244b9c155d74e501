/**
 * Scatters address prefixes over a table whose size is a power of two (take the low bits). The seed keeps a sender who can
 * choose its address from choosing its cell: give each process a random one.
 *
 * @param high - first word of the prefix, signed or unsigned form; 0 for IPv4, and for numbers that are no addresses.
 * @param low - second word; for IPv4 the address.
 * @param seed - any int32.
 * @returns an int32; different for different low words under one seed and high word.
 */
export function hashPrefix(high: number, low: number, seed: number): number {
  // Without a branch the hash of IPv4 addresses would take twice as long.
  return high === 0 ? hashWord(low, seed) : hashWord(low, hashWord(high, seed));
}

/** The finalizer of MurmurHash3, with the seed entering at both ends so that it does not merely renumber the input. */
function hashWord(word: number, seed: number): number {
  let hash = word ^ seed;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13) ^ Math.imul(seed, 0x9e3779b1), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
