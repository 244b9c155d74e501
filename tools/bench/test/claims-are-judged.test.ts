import { expect, test } from 'vitest';
import { judgeClaims } from '../src/macro/claims.ts';
import { DIRECT, OURS, OURS_FEC } from '../src/macro/entrants.ts';
import type { Claim } from '../src/macro/macro-data.ts';
import { relayRows } from '../src/macro/relay-rows.ts';
import { NGINX } from '../src/peers/catalogue.ts';
import { macroData } from './support/macro-data.ts';
import { measurement } from './support/measurement.ts';

function claimOf(claims: readonly Claim[], words: RegExp): Claim {
  const found = claims.filter(({ what }) => words.test(what));
  if (found.length !== 1) throw new Error(`${found.length} claims match ${words}`);
  return found[0];
}

test('a multiple of the CPU time of another is held against its bound', () => {
  const { claims } = macroData();

  expect(claimOf(claims, /that of C, .* 20,000\/s$/)).toMatchObject({ holds: false, bound: 1.15 });
  expect(claimOf(claims, /that of nginx, .* 20,000\/s$/)).toMatchObject({ holds: true, bound: 0.95 });
});

test('what was not measured neither holds nor fails', () => {
  const claim = claimOf(macroData().claims, /that of coturn, .* 20,000\/s$/);

  expect(claim.holds).toBeUndefined();
  expect(claim.measured).toBeNaN();
});

test('nothing is said of loads that were not measured', () => {
  expect(macroData().claims.filter(({ what }) => /60,000|5,000|ticks/.test(what))).toEqual([]);
});

test('the highest rate must be at least that of nginx', () => {
  const rate = (ours: number) => claimOf(judgeClaims([], [{ relay: OURS, ratePps: ours }, { relay: NGINX, ratePps: 60_000 }]), /highest rate/);

  expect(rate(60_000).holds).toBe(true);
  expect(rate(59_000).holds).toBe(false);
});

test('added latency counts from that of the echo without a relay', () => {
  const plan = { clients: 100, ratePps: 5_000, grainUs: 0, burst: 1, rounds: 1, warmUpMs: 0, measureMs: 1_000 };
  const latencies = { [DIRECT]: 10, [NGINX]: 50, [OURS]: 53, [OURS_FEC]: 60 };
  const rows = relayRows(Object.entries(latencies).map(([relay, us]) => ({ relay, windows: [measurement({ p50Us: us, p99Us: us + 20 })] })));
  const claims = judgeClaims([{ plan, rows }], []);

  expect(claimOf(claims, /added latency, median/)).toMatchObject({ measured: 43 / 40, holds: true });
});
