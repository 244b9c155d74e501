import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PROOF_NONCE, PROOF_NONCE_WINDOW, ProofNonces, SecurityError } from '@lightspeed/security';

const WINDOW = BigInt(PROOF_NONCE_WINDOW);

/** The same rules over all nonces ever accepted. */
class EveryNonce {
  private readonly accepted = new Set<bigint>();
  private highest = -1n;

  accept(nonce: bigint): boolean {
    if (this.accepted.has(nonce) || this.highest - nonce > WINDOW) return false;
    this.accepted.add(nonce);
    if (nonce > this.highest) this.highest = nonce;
    return true;
  }
}

/** Nonces near each other, with repetitions and jumps, anywhere in the range. */
const anyOrder = fc
  .tuple(
    fc.oneof(fc.constantFrom(0n, 64n, MAX_PROOF_NONCE - 200n), fc.bigInt({ min: 0n, max: MAX_PROOF_NONCE - 200n })),
    fc.array(fc.oneof({ weight: 8, arbitrary: fc.nat({ max: 80 }) }, fc.nat({ max: 200 })), { maxLength: 150 }),
  )
  .map(([start, steps]) => steps.map((step) => start + BigInt(step)));

describe('a nonce', () => {
  it('is accepted once and refused ever after', () => {
    const nonces = new ProofNonces();
    expect([5n, 5n, 6n, 5n, 6n].map((nonce) => nonces.accept(nonce))).toEqual([true, false, true, false, false]);
  });

  it('may start anywhere and reach the last number, and nothing comes after it', () => {
    const nonces = new ProofNonces();
    expect(nonces.accept(0n)).toBe(true);
    expect(nonces.accept(MAX_PROOF_NONCE)).toBe(true);
    expect([0n, 1n, MAX_PROOF_NONCE, MAX_PROOF_NONCE + 1n, -1n].map((nonce) => nonces.accept(nonce))).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(nonces.accept(MAX_PROOF_NONCE - 1n)).toBe(true);
  });

  it('may come late by 64 and not by 65', () => {
    const nonces = new ProofNonces();
    nonces.accept(1_000n);
    expect([936n, 935n, 936n].map((nonce) => nonces.accept(nonce))).toEqual([true, false, false]);
    nonces.accept(1_001n);
    expect(nonces.accept(936n)).toBe(false);
    expect(nonces.accept(937n)).toBe(true);
  });

  it('that was the highest stays refused while it is within the window and beyond', () => {
    for (let ahead = 1n; ahead < 140n; ahead++) {
      const nonces = new ProofNonces();
      nonces.accept(500n);
      nonces.accept(500n + ahead);
      expect(nonces.accept(500n), `${ahead} ahead`).toBe(false);
    }
  });

  it('is judged as if every one were remembered, in any order', () => {
    fc.assert(
      fc.property(anyOrder, (order) => {
        const nonces = new ProofNonces();
        const model = new EveryNonce();
        for (const nonce of order) expect(nonces.accept(nonce), `nonce ${nonce}`).toBe(model.accept(nonce));
      }),
      { numRuns: 500 },
    );
  });
});

describe('what a session remembers of its nonces', () => {
  it('can be kept and restored at any moment without anything coming twice', () => {
    fc.assert(
      fc.property(anyOrder, fc.nat({ max: 150 }), (order, restartAt) => {
        let nonces = new ProofNonces();
        const model = new EveryNonce();
        for (const [at, nonce] of order.entries()) {
          if (at === restartAt) nonces = new ProofNonces(nonces.state);
          expect(nonces.accept(nonce)).toBe(model.accept(nonce));
        }
      }),
    );
  });

  it('is two numbers of 64 bits, whatever came', () => {
    fc.assert(
      fc.property(anyOrder, (order) => {
        const nonces = new ProofNonces();
        for (const nonce of order) nonces.accept(nonce);
        const { highest, below } = nonces.state;
        expect(highest >= -1n && highest <= MAX_PROOF_NONCE && below >= 0n && below <= MAX_PROOF_NONCE).toBe(true);
      }),
    );
  });

  it('is not taken from numbers that cannot be it', () => {
    for (const state of [
      { highest: -2n, below: 0n },
      { highest: MAX_PROOF_NONCE + 1n, below: 0n },
      { highest: 1n, below: -1n },
      { highest: 1n, below: MAX_PROOF_NONCE + 1n },
    ]) {
      expect(() => new ProofNonces(state)).toThrow(SecurityError);
    }
  });
});
