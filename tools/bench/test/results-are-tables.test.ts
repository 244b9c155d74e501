import { expect, it } from 'vitest';
import { renderMicro } from '../src/micro/render-micro.ts';
import type { ScaleResult } from '../src/scale/measure-scale.ts';
import { renderScale } from '../src/scale/render-scale.ts';

const latencies = { p50Us: 80, p99Us: 600, p999Us: 3_200, maxUs: 4_000 };
const result: ScaleResult = {
  sessions: 50_000,
  authentication: true,
  ratePps: 20_000,
  settleMs: 1_500,
  loadSecs: 10,
  sessionTimeoutSecs: 20,
  opened: 50_000,
  empty: { rssBytes: 120e6, anonymousBytes: 60e6 },
  idle: { rssBytes: 190e6, anonymousBytes: 130e6 },
  loaded: { rssBytes: 191e6, anonymousBytes: 131e6 },
  bytesPerSession: 1_400,
  load: { sent: 200_000, received: 199_000, cpu: 0.32, cpuUsPerRoundTrip: 16.1, latencies },
  sweeps: latencies,
  expiry: { ...latencies, maxUs: 7_000 },
};

it('a scale run says memory, load, latency, and what it was let in by', () => {
  const text = renderScale({
    results: [result],
    relay: [{ sessions: 50_000, bytesPerSession: 1_170, longestIdleMs: 0.1, longestExpiryMs: 0.2 }],
  });
  expect(text).toContain('| 50,000 | registered, as restored from a state folder | 50,000 | 120 | 190 | 1,400 | 191 |');
  expect(text).toContain('| 50,000 | registered | 20,000 | 0.4 | 0.50 % | 32 % | 16.1 |');
  expect(text).toContain('| 50,000 | registered | of 50 while all others end | 80 | 600 | 3,200 | 7,000 |');
  expect(text).toContain('| 50,000 | 1,170 | 0.10 | 0.20 |');
});

it.each([false, true])('timings and allocation are a table each, verbose: %s', (verbose) => {
  const text = renderMicro(
    {
      timings: [{ name: 'header: decode in place', medianNs: 4.04, p99Ns: 11 }],
      allocation: [{ name: 'relay, version 1', packets: 4e6, bytesPerMillionPackets: 4_472, top: ['sweep: 4,472'] }],
    },
    { verbose },
  );
  expect(text).toMatch(/\| header: decode in place +\| +4\.0 \| +11\.0 \|/);
  expect(text).toMatch(verbose ? /\| relay, version 1 +\| +4,472 \| sweep: 4,472 +\|/ : /\| relay, version 1 +\| +4,472 \|\n/);
});
