import { describe, expect, it } from 'vitest';
import { parseDemoOptions } from '../src/demo/options.ts';

describe('options of the demo', () => {
  it('have defaults', () => {
    expect(parseDemoOptions([])).toMatchObject({
      seconds: undefined,
      bots: 8,
      protect: { kind: 'auto' },
      io: 'auto',
      link: { loss: 0.03, delayMs: 20, jitterMs: 5 },
    });
  });

  it('may follow the dashes that pnpm hands on', () => {
    expect(parseDemoOptions(['--', '--seconds', '6', '--protect', 'off'])).toMatchObject({ seconds: 6, protect: { kind: 'off' } });
    expect(parseDemoOptions(['--help'])).toBeUndefined();
  });

  it.each([
    ['--seconds', '0'],
    ['--seconds', ''],
    ['--bots', '1.5'],
    ['--loss', '101'],
    ['--loss', 'some'],
    ['--delay-ms', '-1'],
    ['--protect', 'groups:33'],
    ['--fec', '0'],
    ['--budget', '256'],
    ['--budget', 'much'],
    ['--seed', '-1'],
    ['--io', 'fast'],
    ['--seconds'],
    ['extra'],
  ])('are refused: %s %s', (...args) => {
    expect(() => parseDemoOptions(args)).toThrow(expect.objectContaining({ code: 'ERR_LAB_USAGE' }));
  });
});
