import { expect, test } from 'vitest';
import { judgeRelays } from '../src/relays/claims.ts';
import { C_RELAY, DIRECT, NGINX, OURS, OURS_FEC } from '../src/relays/entrants.ts';
import { verdictOf } from '../src/report/page.ts';
import type { Claim } from '../src/report/page.ts';
import { memoryClaims } from '../src/scale/measure-scale.ts';
import { measurement } from './support/measurement.ts';

const ALONE = { grainUs: 0, burst: 1 };

/** A load with 100 clients, and what a round trip cost each relay. */
function load(ratePps: number, arrival: { readonly grainUs: number; readonly burst: number }, costs: Readonly<Record<string, number>>) {
  const plan = { clients: 100, ratePps, ...arrival, rounds: 1, warmUpMs: 0, measureMs: 1_000 };
  const rounds = Object.entries(costs).map(([relay, cpuUsPerRoundTrip]) => ({ relay, windows: [measurement({ cpuUsPerRoundTrip })] }));
  return { load: plan, rounds };
}

function find(claims: readonly Claim[], against: string, words: RegExp): Claim {
  const found = claims.filter((claim) => claim.against === against && words.test(claim.load));
  if (found.length !== 1) throw new Error(`${found.length} claims are against ${against} with ${words}`);
  return found[0];
}

test('a multiple of the CPU time of another is held against its bound, at each rate', () => {
  const claims = judgeRelays([
    load(20_000, ALONE, { [OURS]: 12, [C_RELAY]: 10, [NGINX]: 40 / 3, [OURS_FEC]: 15 }),
    load(60_000, ALONE, { [OURS]: 11, [C_RELAY]: 10, [NGINX]: 10, [OURS_FEC]: 15 }),
  ]);

  expect(find(claims, C_RELAY, /one by one/)).toMatchObject({ bound: 1.15, measured: [1.2, 1.1] });
  expect(verdictOf(find(claims, C_RELAY, /one by one/))).toBe('1 of 2');
  expect(verdictOf(find(claims, NGINX, /one by one/))).toMatch(/^1 of 2: most of the cost is the kernel/);
  expect(verdictOf(find(claims, 'version 1', /one by one/))).toBe('yes');
  expect(verdictOf(find(claims, 'coturn', /one by one/))).toBe('not measured');
});

test('what holds at one rate and was not measured at another holds as far as it was measured', () => {
  const claims = judgeRelays([load(20_000, ALONE, { [OURS]: 10, [C_RELAY]: 10 })]);

  expect(verdictOf(find(claims, C_RELAY, /one by one/))).toBe('as far as measured');
});

test('nothing is said of loads that were not measured', () => {
  const claims = judgeRelays([load(20_000, ALONE, { [OURS]: 10 })]);

  expect(claims.filter((claim) => /ticks|bursts|5,000/.test(claim.load))).toEqual([]);
  expect(judgeRelays([])).toEqual([]);
});

test('added latency counts from that of the echo without a relay', () => {
  const latencies = { [DIRECT]: 10, [NGINX]: 50, [OURS]: 53, [OURS_FEC]: 60 };
  const plan = { clients: 100, ratePps: 5_000, ...ALONE, rounds: 1, warmUpMs: 0, measureMs: 1_000 };
  const rounds = Object.entries(latencies).map(([relay, us]) => ({ relay, windows: [measurement({ p50Us: us, p99Us: us + 20 })] }));
  const [median, p99] = judgeRelays([{ load: plan, rounds }]);

  expect(median).toMatchObject({ claim: expect.stringMatching(/median/) as string, measured: [43 / 40] });
  expect(verdictOf(median)).toBe('yes');
  expect(p99.measured).toEqual([43 / 40]);
});

test('loads are told apart by how their packets arrive', () => {
  const claims = judgeRelays([
    load(60_000, ALONE, { [OURS]: 10, [NGINX]: 10 }),
    load(60_000, { grainUs: 1_000, burst: 1 }, { [OURS]: 9, [NGINX]: 10 }),
    load(60_000, { grainUs: 0, burst: 8 }, { [OURS]: 6, [NGINX]: 10 }),
  ]);

  expect(find(claims, NGINX, /one by one/).measured[1]).toBe(1);
  expect(find(claims, NGINX, /in ticks/).measured[1]).toBe(0.9);
  expect(find(claims, NGINX, /in bursts/).measured[1]).toBe(0.6);
});

test('what a session takes is claimed of very many registered ones only', () => {
  const row = { sessions: 50_000, 'let in': 'registered', 'bytes per idle session': 1_501 };
  const [claim, ...more] = memoryClaims([row, { ...row, sessions: 1_000 }, { ...row, 'let in': 'anybody' }]);

  expect(verdictOf(claim)).toBe('no');
  expect(more).toEqual([]);
});
