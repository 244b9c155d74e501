import { describe, expect, it } from 'vitest';
import { NAMELESS } from '../src/page/node-names.ts';
import { PageModel } from '../src/page/page-model.ts';
import type { PageVerdict } from '../src/page/page-state.ts';
import { wordsOf } from '../src/page/page-words.ts';
import { describeState } from '../src/cli/status-text.ts';
import { SAVES, madeUpMatch } from './support/made-up-match.ts';

const made = () => new PageModel({ command: 'play', version: '1.0.0', startedAtMs: 0 });
const NOTHING_ELSE = { ways: [], decisions: [], lossCompared: null, loss: { up: null, down: null } };
const headline = (verdict: Partial<PageVerdict>) => wordsOf({ verdict: { ...SAVES, ...verdict }, ...NOTHING_ELSE }).headline;

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
    expect(headline({})).toBe('The node fra-1 saves 18 ms');
    expect(headline({ way: NAMELESS })).toBe('The node saves 18 ms');
    expect(headline({ kind: 'unknown', pairs: 4 })).toBe('Not known yet whether a node helps: 4 of 10 comparisons are made');
    expect(headline({ kind: 'direct', way: 'direct' })).toBe('Direct is best, nothing is done');
    const direct = { kind: 'would-save', way: 'direct', node: 'fra-1' } as const;
    expect(headline(direct)).toBe('Directly now: the node fra-1 would save 18 ms');
    expect(headline({ ...direct, gainMs: -2 })).toBe('Directly now: the node fra-1 would lose fewer packets');
    expect(headline({ kind: 'harms', gainMs: -7.25 })).toBe('The node fra-1 costs 7.3 ms');
    const harm = wordsOf({ verdict: { ...SAVES, kind: 'harms', gainMs: -29, intervalMs: [-33, -24] }, ...NOTHING_ELSE });
    expect(harm.sureness).toBe(
      'What it really costs is between 24 and 33 ms, 95 % sure, by 240 comparisons. It was taken because probes show that the node is faster.',
    );
    expect(headline({ kind: 'unmeasured' })).toBe('By the node fra-1: whether it helps is not measured');
    expect(headline({ kind: 'always', way: 'direct' })).toBe('Directly, because a rule of yours says so');
  });

  it('tell a terminal the same as a browser', () => {
    const { model, atMs } = madeUpMatch();
    const lines = describeState(model.state(atMs));

    expect(lines[1]).toBe('The node fra-1 saves 18 ms');
    expect(lines).toContain('lost there and back, by 600 probes: directly 4.8 %; by fra-1 2.9 % without protection, 0.1 % with it');
    expect(lines).toContain('loss from the node to you: 0.8 % without protection, 0.0 % with it, 1.0 in a row on average');
    expect(lines).toContain(
      '198.51.100.20:26000 (Xonotic): directly, because no node is clearly better; decided by: measurements before the match; last measured 1 s ago; packets not counted, since the system carries them',
    );
    expect(lines).toContain('node fra-1 (Frankfurt) at 192.0.2.10:4433: in use, 14.2 ms, load 23 %');
    expect(lines).toContain(
      'left alone: flows that go directly, because the system carries them by itself, so that the game keeps its port (420 packets)',
    );
    expect(lines.filter((line) => line.startsWith('always left alone: '))).toHaveLength(1);
    expect(lines).toContain('game servers see you as 192.0.2.10');
    expect(lines.filter((line) => line.startsWith('earlier match: ')).at(-1)).toContain(
      '192.0.2.77:27015, by ams-2, cost 12.0 ms (9.0 to 16.0)',
    );
  });

  it('tell what is lost directly and by the node', () => {
    const { model, atMs } = madeUpMatch();
    expect(model.state(atMs).words.rest).toBe(
      'Of the 43 ms that are left, most are spent on the route from the node to the server: 29 ms. ' +
        'There and back 4.8 % of packets are lost directly, and 0.1 % by the node fra-1 with protection.',
    );
    // Sixteen probes without a loss say nothing of the direct way.
    const { lossCompared } = model.state(atMs);
    model.update({ lossCompared: lossCompared && { ...lossCompared, direct: 0, probes: 16, note: '16 probes are few' } });
    expect(model.state(atMs).words.rest).not.toContain('are lost directly');
    model.update({ lossCompared: null });
    expect(model.state(atMs).words.rest).toContain('Of packets to the node, 2.1 % are lost; with protection 0.1 %.');
  });
});

it('says by what matches were decided', () => {
  const { model, atMs } = madeUpMatch();
  const decisions = [
    { by: 'your earlier matches', direct: 1, node: 3 },
    { by: 'a rule of yours', direct: 2, node: 0 },
  ];
  model.update({ decisions });
  expect(model.state(atMs).words.decided).toBe(
    'Since the start 6 matches were decided: 4 by your earlier matches (3 went by a node), 2 by a rule of yours (0 went by a node).',
  );
});
