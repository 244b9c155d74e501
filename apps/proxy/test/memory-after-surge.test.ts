import { describe, expect, it } from 'vitest';
import { Surge } from '../src/base/memory-return.ts';

/** When a surge counts as over, if `count` says how often something has happened by each second, and 100 times are many. */
function secondsOver(count: (second: number) => number, seconds: number): number[] {
  const surge = new Surge(100);
  return Array.from({ length: seconds }, (_, second) => second).filter((second) => surge.isOver(count(second), second * 1_000));
}

describe('memory is given back', () => {
  it('ten seconds after the hundredth of many connections has ended, once', () => {
    expect(secondsOver((second) => (second < 5 ? second : 1_000), 60)).toEqual([15]);
  });

  it('not for a few connections', () => {
    expect(secondsOver((second) => Math.min(second, 99), 200)).toEqual([]);
  });

  it('again after the next surge, and at most once in ten seconds while they go on', () => {
    const over = secondsOver((second) => second * 500, 60);
    expect(over.length).toBeGreaterThan(3);
    for (let index = 1; index < over.length; index++) expect(over[index] - over[index - 1]).toBeGreaterThanOrEqual(10);
  });
});
