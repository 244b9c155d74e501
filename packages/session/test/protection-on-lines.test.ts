import { describe, expect, it } from 'vitest';
import { CONGESTED_LINES, measureLine } from './support/loss/congested-lines.ts';
import { COMPARED_LINES, EPISODES, compareWithFixed, meanOf, reactionsMs, seedsFrom, takenBack } from './support/loss/loop-figures.ts';
import { UP, losing } from './support/loss/settings.ts';

/*
 * A part of what `pnpm loop` plays at length: a model of a sender that follows the loop's steps, over emulated lines on a virtual clock.
 * Percentages are of payloads, or of the bytes that would be sent without protection.
 */

const SEEDS = seedsFrom(1, 3);

describe('on a line that is nearly clean, the loop costs', () => {
  it('at most 1 % where nothing is lost', () => {
    expect(meanOf(SEEDS, 300, losing(0)).added).toBeLessThanOrEqual(1);
  });

  it('at most 5 % where one of a thousand packets is lost', () => {
    expect(meanOf(seedsFrom(1, 6), 600, losing(0.001)).added).toBeLessThanOrEqual(5);
  });
});

describe('when loss begins', () => {
  it('of 5 %, packets are protected within a second, in the mean', () => {
    const times = reactionsMs(seedsFrom(1, 60), 0.05);
    expect(times.reduce((sum, each) => sum + each, 0) / times.length).toBeLessThanOrEqual(1_000);
  });

  it.each([24, 60])(
    'at %d packets a second, a loss that only looks as if it had grown since ends protection of one in ten at most',
    (hz) => {
      for (const loss of [0.08, 0.12]) expect(takenBack(seedsFrom(1, 50), loss, hz)).toBeLessThanOrEqual(5);
    },
  );

  it('of 5 % for ten seconds of each minute, at most 0.2 % are missing', () => {
    expect(meanOf(SEEDS, 600, EPISODES).missing).toBeLessThanOrEqual(0.2);
  });
});

describe('within its budget, the loop is nearly as good as the best fixed setting', () => {
  it.each(COMPARED_LINES)('$name: at most $points points worse', ({ line, points, sigmas }) => {
    for (const budget of [120, 250]) {
      const { auto, best, sigma } = compareWithFixed(SEEDS, 300, line, budget, UP);
      expect(auto.missing).toBeLessThanOrEqual(best.missing + points + sigmas * sigma);
      expect(auto.redundant).toBeLessThanOrEqual(budget);
    }
  });
});

describe('on a line that is full, the loop does no harm', () => {
  it.each(CONGESTED_LINES.filter(({ loss }) => loss === 0.05))('$name', (congested) => {
    expect(measureLine(congested, [1], 600).faults).toEqual([]);
  });
});
