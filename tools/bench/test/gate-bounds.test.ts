import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judge } from '../src/gate/figure.ts';
import type { Bound } from '../src/gate/figure.ts';
import { renderGate } from '../src/gate/gate.ts';

const BOUNDS = { speed: { most: 3, why: 'it was 2' }, memory: { most: 10, why: 'it was 9' } };

describe('the gate', () => {
  it('passes what is at its bound, and nothing above it', () => {
    const at = judge(
      [
        { name: 'speed', value: 3 },
        { name: 'memory', value: 10.001 },
      ],
      BOUNDS,
    );
    expect(at.map(({ passed }) => passed)).toEqual([true, false]);
    expect(at[1]).toMatchObject({ most: 10, why: 'it was 9' });
  });

  it('does not take for passed what is no number', () => {
    const [speed] = judge(
      [
        { name: 'speed', value: NaN },
        { name: 'memory', value: 1 },
      ],
      BOUNDS,
    );
    expect(speed.passed).toBe(false);
  });

  it('lets through, and says, what cannot be measured on a machine', () => {
    const figures = [
      { name: 'speed', value: 'no clock here' },
      { name: 'memory', value: 1 },
    ];
    const judgements = judge(figures, BOUNDS);
    expect(judgements.every(({ passed }) => passed)).toBe(true);
    expect(renderGate(judgements)).toMatch(/\| speed +\| not available here: no clock here \| +3 \| - +\|/);
    expect(renderGate(judgements)).toMatch(/\| memory +\| 1 +\| +10 \| yes +\|/);
  });

  it('says NO in the table where a bound is passed over', () => {
    expect(
      renderGate(
        judge(
          [
            { name: 'speed', value: 4 },
            { name: 'memory', value: 1 },
          ],
          BOUNDS,
        ),
      ),
    ).toMatch(/\| NO +\|/);
  });

  it('refuses figures without a bound, and bounds without a figure', () => {
    expect(() => judge([{ name: 'speed', value: 1 }], BOUNDS)).toThrow('memory');
    expect(() =>
      judge(
        [
          { name: 'speed', value: 1 },
          { name: 'memory', value: 1 },
          { name: 'new', value: 1 },
        ],
        BOUNDS,
      ),
    ).toThrow('new');
  });

  it('has a positive bound and a reason for everything in bounds.json', () => {
    const text = readFileSync(new URL('../src/gate/bounds.json', import.meta.url), 'utf8');
    const { comment, bounds } = JSON.parse(text) as { comment: string; bounds: Record<string, Bound> };
    expect(comment).not.toBe('');
    expect(Object.keys(bounds).length).toBeGreaterThan(0);
    for (const { most, why } of Object.values(bounds)) {
      expect(most).toBeGreaterThan(0);
      expect(why.length).toBeGreaterThan(10);
    }
  });
});
