import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RegistrationTable } from '../src/relay/registration-table.ts';
import { sequentialRandom } from './support/random.ts';

const id = fc.nat(6);
const steps = fc.array(
  fc.oneof(
    fc.record({ add: id, prefix: fc.nat(2), token: fc.integer({ min: 1, max: 3 }), hasSecret: fc.boolean() }),
    fc.record({ remove: id }),
    fc.record({ prove: id, nonce: fc.bigInt({ min: 0n, max: 80n }) }),
  ),
  { maxLength: 100 },
);

it('registrations are found by id, and by prefix and token, as a map has them; secrets and proofs stay with their own', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const table = new RegistrationTable(0, sequentialRandom());
      const model = new Map<number, { prefix: number; token: number; secret: Uint8Array | undefined; used: Set<bigint> }>();
      for (const [at, step] of list.entries()) {
        if ('add' in step) {
          const { add: sessionId, prefix, token, hasSecret } = step;
          const isFree = !model.has(sessionId) && ![...model.values()].some((held) => held.prefix === prefix && held.token === token);
          const secret = hasSecret ? new Uint8Array(16).fill(at) : undefined;
          expect(table.add({ sessionId, prefixHigh: prefix, prefixLow: 7, token, dialect: 'standard', secret })).toBe(isFree);
          if (isFree) model.set(sessionId, { prefix, token, secret, used: new Set() });
        } else if ('remove' in step) {
          expect(table.remove(step.remove)).toBe(model.delete(step.remove));
        } else {
          const held = model.get(step.prove);
          const live = table.get(step.prove);
          expect(live === undefined).toBe(held === undefined);
          if (live === undefined || held === undefined) continue;
          const accepted = live.acceptNonce(step.nonce);
          expect(accepted && held.used.has(step.nonce)).toBe(false);
          if (accepted) held.used.add(step.nonce);
        }
        expect(table.size).toBe(model.size);
        for (const [sessionId, { prefix, token, secret, used }] of model) {
          const live = table.get(sessionId);
          if (live === undefined) throw new Error(`registration ${sessionId} is lost`);
          expect([live.sessionId, live.prefixHigh, live.token]).toEqual([sessionId, prefix, token]);
          expect(table.match(prefix, 7, token)).toBe(live);
          expect(table.secretOf(live)).toEqual(secret);
          expect(live.nonces.highest).toBe([...used].reduce((most, nonce) => (nonce > most ? nonce : most), -1n));
        }
        for (let prefix = 0; prefix < 3; prefix++) {
          for (let token = 1; token <= 3; token++) {
            const isHeld = [...model.values()].some((held) => held.prefix === prefix && held.token === token);
            expect(table.match(prefix, 7, token) !== undefined).toBe(isHeld);
          }
        }
      }
    }),
  );
});
