/**
 * Scatters 32-bit numbers over a table whose size is a power of two (take the low bits). The seed keeps a sender who can
 * choose its address from choosing its cell: give each process a random one.
 *
 * @param ip - address or other number, signed or unsigned form.
 * @param seed - any int32.
 * @returns an int32; different for different addresses under one seed.
 */
export function hashIpv4(ip: number, seed: number): number {
  // The finalizer of MurmurHash3, with the seed entering at both ends so that it does not merely renumber the input.
  let hash = ip ^ seed;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13) ^ Math.imul(seed, 0x9e3779b1), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
