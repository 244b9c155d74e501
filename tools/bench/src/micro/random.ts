/** Numbers of 32 bits that differ, and are the same in every run (Marsaglia's xorshift). */
export function xorShift(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state | 0;
  };
}
