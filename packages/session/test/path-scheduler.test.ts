import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PATHS, MULTIPATH_MODES } from '@lightspeed/session';
import { pathsFor, primaryAmong } from '../src/path-scheduler.ts';

const path = fc.nat(MAX_PATHS - 1);
const set = fc.nat(2 ** MAX_PATHS - 1);
const members = (paths: number): number[] =>
  Array.from({ length: MAX_PATHS }, (_, number) => number).filter((n) => (paths & (1 << n)) !== 0);

describe('the paths of a packet', () => {
  it('are the primary one alone in standby, whatever works', () => {
    fc.assert(
      fc.property(fc.boolean(), path, set, (parity, primary, usable) => pathsFor('standby', parity, primary, usable) === 1 << primary),
    );
  });

  it('are all that work, and the primary one, when packets are sent twice', () => {
    expect(members(pathsFor('duplicate', false, 2, 0b0011))).toEqual([0, 1, 2]);
    expect(members(pathsFor('duplicate', true, 0, 0))).toEqual([0]);
  });

  it('are the primary one for data and the first other one that works for its parity, when these go apart', () => {
    expect(members(pathsFor('parity', false, 0, 0b1111))).toEqual([0]);
    expect(members(pathsFor('parity', true, 0, 0b1101))).toEqual([2]);
    expect(members(pathsFor('parity', true, 3, 0b1101))).toEqual([0]);
    expect(members(pathsFor('parity', true, 1, 0b0010))).toEqual([1]);
  });

  it('are some, and none but the primary one and those that work', () => {
    fc.assert(
      fc.property(fc.constantFrom(...MULTIPATH_MODES), fc.boolean(), path, set, (mode, parity, primary, usable) => {
        const chosen = pathsFor(mode, parity, primary, usable);
        expect(chosen).toBeGreaterThan(0);
        expect(chosen & ~(usable | (1 << primary))).toBe(0);
        if (!parity) expect(members(chosen)).toContain(primary);
      }),
    );
  });
});

it('data goes by the first path that works, and stays where it was while none does', () => {
  fc.assert(
    fc.property(set, path, (usable, current) => {
      expect(primaryAmong(usable, current)).toBe(members(usable).at(0) ?? current);
    }),
  );
});
