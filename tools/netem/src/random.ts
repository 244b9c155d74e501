import { NetemError } from './errors.ts';

const TWO_POW_32 = 0x1_0000_0000;

/**
 * A seeded pseudo random number generator: xoshiro128** by Blackman and Vigna (period 2^128 - 1), its state spread
 * from the seed by SplitMix32. The same seed gives the same numbers on every machine. Not for secrets.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param seed any safe integer; all its bits count. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) {
      throw new NetemError('ERR_NETEM_INVALID_OPTION', `seed: got ${String(seed)}, allowed is a safe integer`);
    }
    // The high half goes in apart from the low one, so that seeds beyond 32 bits differ too.
    let mix = splitMix32(Math.floor(seed / TWO_POW_32) | 0) ^ (seed | 0);
    const word = (): number => splitMix32((mix = (mix + 0x9e3779b9) | 0));
    this.#a = word();
    this.#b = word();
    this.#c = word();
    // The all-zero state is the generator's only fixed point.
    this.#d = word() || 1;
  }

  /** A generator in a given state of four 32-bit words, not all zero, as published test vectors name it. */
  static fromState(a: number, b: number, c: number, d: number): Random {
    if ((a | b | c | d) === 0) {
      throw new NetemError('ERR_NETEM_INVALID_OPTION', 'state: got four zero words, allowed is any other state');
    }
    const random = new Random(0);
    random.#a = a | 0;
    random.#b = b | 0;
    random.#c = c | 0;
    random.#d = d | 0;
    return random;
  }

  /** The next 32 bits, 0 to 4,294,967,295. */
  nextU32(): number {
    const b = this.#b;
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9);
    const c = this.#c ^ this.#a;
    const d = this.#d ^ b;
    this.#b = b ^ c;
    this.#a ^= d;
    this.#c = c ^ (b << 9);
    this.#d = rotateLeft(d, 11);
    return result >>> 0;
  }

  /** A number in [0, 1), a multiple of 2^-32. */
  next(): number {
    return this.nextU32() / TWO_POW_32;
  }

  /** A whole number in [0, n), each equally likely. `n` is 1 to 2^32. */
  nextInt(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > TWO_POW_32) {
      throw new NetemError('ERR_NETEM_INVALID_OPTION', `nextInt: got ${String(n)}, allowed is an integer from 1 to 2^32`);
    }
    // Numbers of the incomplete last stretch would favour the small results.
    const limit = TWO_POW_32 - (TWO_POW_32 % n);
    let value = this.nextU32();
    while (value >= limit) value = this.nextU32();
    return value % n;
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
