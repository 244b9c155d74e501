import { expect, test } from 'vitest';
import { verdictOf } from '../src/report/page.ts';
import { foundOf } from '../src/start/measure-start.ts';

const read = (p99Us: number) => ({ p50Us: 50, p99Us, loss: 0 });
const READS = { without: [read(200), read(300), read(250)], withReads: [read(260), read(310), read(350)] };

test('starts are compared round by round, and memory counts where it was waited for', () => {
  const { figures, claims } = foundOf(
    {
      'program folder': [100, 300, 120].map((startMs, round) => ({ startMs, idleBytes: round === 2 ? 100e6 : NaN })),
      checkout: [400, 600, 300].map((startMs) => ({ startMs, idleBytes: NaN })),
    },
    READS,
  );

  // 0.25, 0.5 and 0.4.
  expect(claims.map(({ measured }) => measured)).toEqual([[0.4], [100]]);
  expect(claims.map(verdictOf)).toEqual(['yes', 'yes']);
  expect(figures['A node starts']).toMatchObject([{ 'start to /health, ms': 120, 'fastest, ms': 100, 'RSS idle, MB': 100 }, {}]);
});

test('memory is compared with that of another checkout, where one is given', () => {
  const start = (idleBytes: number) => [{ startMs: 1, idleBytes }];
  const { figures, claims } = foundOf({ 'program folder': start(123e6), checkout: start(140e6), before: start(112e6) }, READS);

  expect(figures['A node starts']).toHaveLength(3);
  expect(claims.at(-1)).toMatchObject({ claim: 'RSS idle, MB more', against: 'before', measured: [11] });
  expect(claims.map(verdictOf)).toEqual(['no', 'yes', 'no']);
});

test('what reads of metrics add is the median over rounds, with the extremes beside it', () => {
  const start = [{ startMs: 1, idleBytes: 1 }];
  const { figures } = foundOf({ 'program folder': start, checkout: start }, READS);

  expect(figures['What reads add in one round']).toEqual([{ 'p99 µs, median': 60, smallest: 10, largest: 100 }]);
});
