import { demand } from './errors.ts';

const TWO_POW_32 = 0x1_0000_0000;

/**
 * A seeded pseudo random number generator: xoshiro128** by Blackman and Vigna (period 2^128 - 1), its state spread
 * from the seed by SplitMix32. The same seed gives the same numbers on every machine. Not for secrets.
 */
export class Random {
  /** Not all of it is zero: that is the only state from which nothing else follows. */
  readonly #state = new Int32Array(4);

  /** @param seed any safe integer; all its bits count. */
  constructor(seed: number) {
    demand('seed', seed, Number.isSafeInteger(seed), 'a safe integer');
    // The high half goes in apart from the low one, so that seeds beyond 32 bits differ too.
    let mix = splitMix32(Math.floor(seed / TWO_POW_32) | 0) ^ (seed | 0);
    for (let word = 0; word < 4; word += 1) this.#state[word] = splitMix32((mix = (mix + 0x9e3779b9) | 0));
    this.#state[3] ||= 1;
  }

  /** A generator in a given state of four 32-bit words, not all zero, as published test vectors name it. */
  static fromState(...words: readonly [number, number, number, number]): Random {
    const random = new Random(0);
    random.#state.set(words);
    const [word = 0] = random.#state.filter((each) => each !== 0);
    demand('state', word, word !== 0, 'four words that are not all zero');
    return random;
  }

  /** The next 32 bits, 0 to 4,294,967,295. */
  nextU32(): number {
    const state = this.#state;
    const result = Math.imul(rotateLeft(Math.imul(state[1], 5), 7), 9);
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotateLeft(state[3], 11);
    return result >>> 0;
  }

  /** A number in [0, 1), a multiple of 2^-32. */
  next(): number {
    return this.nextU32() / TWO_POW_32;
  }

  /** A whole number in [0, n), each equally likely. `n` is 1 to 2^32. */
  nextInt(n: number): number {
    demand('nextInt', n, Number.isInteger(n) && n >= 1 && n <= TWO_POW_32, 'an integer from 1 to 2^32');
    let value = this.nextU32();
    // Numbers of the incomplete last stretch would favour the small results.
    while (value - (value % n) + n > TWO_POW_32) value = this.nextU32();
    return value % n;
  }

  /** True once in `times`, on average. */
  once(times: number): boolean {
    return this.nextInt(times) === 0;
  }

  /** One of the values, each equally likely; there must be one. */
  pick<T>(values: readonly T[]): T {
    return values[this.nextInt(values.length)];
  }

  /** A generator of its own whose numbers are unrelated to what this one gives from here on. */
  fork(): Random {
    return new Random(this.nextU32() * 0x20_0000 + (this.nextU32() >>> 11));
  }
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function splitMix32(value: number): number {
  let z = value;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}
