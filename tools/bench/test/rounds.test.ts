import { expect, test } from 'vitest';
import { median } from '../src/relays/rounds.ts';
import { cpuRatio, relayRows } from '../src/relays/rounds.ts';
import { DIRECT, NGINX, OURS } from '../src/relays/entrants.ts';
import { measurement } from './support/measurement.ts';

test('the median is the middle value, or the mean of the two in the middle', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([9, 1, 5, 6])).toBe(5.5);
  expect(median([])).toBeNaN();
});

test('ratios and differences are taken within a round, so that what the machine does meanwhile cancels out', () => {
  const machineGetsSlower = [10, 20, 40];
  const rounds = [DIRECT, OURS].map((relay, index) => ({
    relay,
    windows: machineGetsSlower.map((us) => measurement({ p50Us: us + 3 * index, cpuUsPerRoundTrip: us * (1 + index / 10) })),
  }));

  expect(cpuRatio(rounds, OURS, DIRECT)).toBeCloseTo(1.1);
  expect(relayRows(rounds)[1].addedP50Us).toBe(3);
});

test('a row has the medians of its rounds, and what it costs as a multiple of what others cost', () => {
  const rounds = [
    { relay: DIRECT, windows: [10, 20, 30].map((p50Us) => measurement({ p50Us, p99Us: p50Us + 1, cpuUsPerRoundTrip: 0 })) },
    {
      relay: OURS,
      windows: [5, 10, 15].map((cpuUsPerRoundTrip, round) =>
        measurement({ p50Us: 12 + 10 * round, p99Us: 50, cpuUsPerRoundTrip, ownDrops: 1 }),
      ),
    },
    { relay: NGINX, windows: [10, 20, 60].map((cpuUsPerRoundTrip) => measurement({ cpuUsPerRoundTrip })) },
  ];
  const ours = relayRows(rounds).find(({ relay }) => relay === OURS);

  expect(ours).toMatchObject({ cpuUsPerRoundTrip: 10, p50Us: 22, addedP50Us: 2, addedP99Us: 29, ownDrops: 3 });
  expect([cpuRatio(rounds, OURS, NGINX), cpuRatio(rounds, NGINX, OURS), cpuRatio(rounds, OURS, 'nobody')]).toEqual([0.5, 2, NaN]);
});
