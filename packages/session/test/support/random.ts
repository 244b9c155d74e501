/** Numbers that differ and repeat from run to run: a plain linear congruential generator (Numerical Recipes). */
export function sequentialRandom(seed = 1): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state ^ (state >>> 16)) >>> 0;
  };
}
