/** Repeatable 32-bit patterns (mulberry32), as int32. */
export function int32Stream(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return mixed ^ (mixed >>> 14);
  };
}

/** Repeatable numbers in [0, 1). */
export function fractionStream(seed: number): () => number {
  const next = int32Stream(seed);
  return () => (next() >>> 0) / 2 ** 32;
}
