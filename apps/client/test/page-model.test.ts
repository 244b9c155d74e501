import { describe, expect, it } from 'vitest';
import { PageModel } from '../src/page/page-model.ts';
import type { PageVerdict } from '../src/page/page-state.ts';
import { wordsOf } from '../src/page/page-words.ts';
import { describeState } from '../src/cli/status-text.ts';
import { SAVES, madeUpMatch } from './support/made-up-match.ts';

const made = () => new PageModel({ command: 'play', version: '1.0.0', startedAtMs: 0 });
const headline = (verdict: Partial<PageVerdict>) =>
  wordsOf({ verdict: { ...SAVES, ...verdict }, ways: [], decisions: [], loss: { up: null, down: null } }).headline;

describe('what the live page keeps', () => {
  it('is the last 600 points of one target, with bands of what was usual', () => {
    const model = made();
    model.addPoint({ atMs: 1, nodeMs: 1 });
    expect(model.state(0).series).toBeNull();

    model.beginSeries({ measures: 'server', target: 's', node: 'n' });
    for (let second = 1; second <= 700; second++) model.addPoint({ atMs: second * 1_000, directMs: second % 11, nodeMs: null });
    const points = model.state(0).series?.points ?? [];
    expect([points.length, points[0].atMs, points.at(-1)?.atMs]).toEqual([600, 101_000, 700_000]);
    const [low, high] = points.at(-1)?.directBand ?? [];
    expect(low).toBeLessThanOrEqual(1);
    expect(high).toBeGreaterThanOrEqual(9);
    expect(points.at(-1)?.nodeBand).toBeUndefined();
    expect(model.state(0, false, 698_000).series?.points.length).toBe(2);

    model.addPoint({ atMs: 5, nodeMs: 5 });
    expect(model.state(0).series?.points.at(-1)?.atMs).toBe(700_000);
    model.beginSeries({ measures: 'server', target: 's', node: 'n' });
    expect(model.state(0).series?.points.length).toBe(600);
    model.beginSeries({ measures: 'server', target: 'other', node: 'n' });
    expect(model.state(0).series?.points).toEqual([]);
  });

  it('is bounded, whatever it is given', () => {
    const model = made();
    model.update({ notCaught: Array.from({ length: 1_000 }, () => ({ what: 'x'.repeat(1_000), why: 'y', packets: 1 })) });
    for (let warning = 0; warning < 100; warning++) model.warn(`${warning}${'z'.repeat(1_000)}`);
    const { notCaught, warnings } = model.state(0);

    expect([notCaught?.length, notCaught?.[0].what.length]).toEqual([100, 300]);
    expect([warnings.length, warnings[0].length, warnings[0].slice(0, 2)]).toEqual([20, 300, '80']);
  });
});

describe('the words of a verdict', () => {
  it('say what is known, and no more', () => {
    expect(headline({})).toBe('By fra-1: 18 ms saved');
    expect(headline({ kind: 'unknown', pairs: 4 })).toBe('Not known yet: 4 of 10 comparisons');
    expect(headline({ kind: 'direct', way: 'direct' })).toBe('Direct is best, nothing is done');
    expect(headline({ kind: 'would-save', way: 'direct', node: 'fra-1' })).toBe('Direct now: fra-1 would save 18 ms');
    expect(headline({ kind: 'would-save', way: 'direct', node: 'fra-1', gainMs: -2 })).toBe('Direct now: fra-1 would lose fewer packets');
    expect(headline({ kind: 'harms', gainMs: -7.25 })).toBe('By fra-1: 7.3 ms lost');
    expect(headline({ kind: 'unmeasured' })).toBe('By fra-1: whether it helps is not measured');
    expect(headline({ kind: 'always', way: 'direct' })).toBe('Direct, because a rule of yours says so');
  });

  it('tell a terminal the same as a browser', () => {
    const { model, atMs } = madeUpMatch();
    const lines = describeState(model.state(atMs));

    expect(lines).toContain('By fra-1: 18 ms saved');
    expect(lines).toContain('loss: up 2.1 % (0.1 % after protection), down 0.8 % (0.0 % after protection)');
    expect(lines).toContain('198.51.100.20:26000 (Xonotic): direct, because no node is clearly better');
  });
});

it('says by what matches were decided', () => {
  const { model, atMs } = madeUpMatch();
  const decisions = [
    { by: 'earlier matches', direct: 1, node: 3 },
    { by: 'no evidence', direct: 2, node: 0 },
  ];
  model.update({ decisions });
  expect(model.state(atMs).words.decided).toBe('6 decided: 4 by earlier matches (3 for a node), 2 by no evidence (0 for a node)');
});
