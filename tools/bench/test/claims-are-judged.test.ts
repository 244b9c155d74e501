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

function ratesOf(ours: number) {
  return [
    { relay: OURS, ratePps: ours },
    { relay: NGINX, ratePps: 60_000 },
  ];
}

test('the highest rate must be at least that of nginx', () => {
  const rate = (ours: number) => claimOf(judgeClaims({ loads: [], highest: ratesOf(ours), workers: undefined }), /highest rate/);

  expect(rate(60_000).holds).toBe(true);
  expect(rate(59_000).holds).toBe(false);
});

test('added latency counts from that of the echo without a relay', () => {
  const plan = { clients: 100, ratePps: 5_000, grainUs: 0, burst: 1, rounds: 1, warmUpMs: 0, measureMs: 1_000 };
  const latencies = { [DIRECT]: 10, [NGINX]: 50, [OURS]: 53, [OURS_FEC]: 60 };
  const rows = relayRows(
    Object.entries(latencies).map(([relay, us]) => ({ relay, windows: [measurement({ p50Us: us, p99Us: us + 20 })] })),
  );
  const claims = judgeClaims({ loads: [{ plan, rows }], highest: [], workers: undefined });

  expect(claimOf(claims, /added latency, median/)).toMatchObject({ measured: 43 / 40, holds: true });
});

test('loads are told apart by how their packets arrive', () => {
  const plan = { clients: 100, ratePps: 60_000, rounds: 1, warmUpMs: 0, measureMs: 1_000 };
  const rowsAt = (ours: number) => {
    const costs = { [OURS]: ours, [NGINX]: 10 };
    return relayRows(Object.entries(costs).map(([relay, cpuUsPerRoundTrip]) => ({ relay, windows: [measurement({ cpuUsPerRoundTrip })] })));
  };
  const loads = [
    { plan: { ...plan, grainUs: 0, burst: 1 }, rows: rowsAt(10) },
    { plan: { ...plan, grainUs: 1_000, burst: 1 }, rows: rowsAt(9) },
    { plan: { ...plan, grainUs: 0, burst: 8 }, rows: rowsAt(6) },
  ];
  const claims = judgeClaims({ loads, highest: [], workers: undefined });

  expect(claimOf(claims, /that of nginx, .* 60,000\/s$/)).toMatchObject({ measured: 1, holds: false });
  expect(claimOf(claims, /that of nginx, .* 60,000\/s, in ticks of 1 ms$/)).toMatchObject({ measured: 0.9, holds: true });
  expect(claimOf(claims, /that of nginx, .* 60,000\/s, in bursts of 8$/)).toMatchObject({ measured: 0.6, holds: true });
});

test('two workers must carry half as much again as one', () => {
  const scaling = (two: number) => {
    const rates = [
      { workers: 1, ratePps: 30_000 },
      { workers: 2, ratePps: two },
    ];
    return claimOf(judgeClaims({ loads: [], highest: [], workers: { share: 0.25, rates } }), /two workers/);
  };

  expect(scaling(45_000)).toMatchObject({ measured: 1.5, holds: true });
  expect(scaling(44_000).holds).toBe(false);
  const notMeasured = judgeClaims({ loads: [], highest: [], workers: { why: 'there are no control groups' } });
  expect(claimOf(notMeasured, /two workers/).holds).toBeUndefined();
});
