import { describe, expect, test } from 'vitest';
import { Netem, NetemError, NetemLink } from '@lightspeed/netem';
import type { Impairments } from '@lightspeed/netem';

const refused: readonly [Impairments, string][] = [
  [{ loss: -0.1 }, 'loss'],
  [{ loss: 1.1 }, 'loss'],
  [{ loss: NaN }, 'loss'],
  [{ duplicate: 2 }, 'duplicate'],
  [{ reorder: -1, delayMs: 1 }, 'reorder'],
  [{ reorder: 0.5 }, 'reorder'],
  [{ burst: { goodToBad: 2, badToGood: 0 } }, 'burst.goodToBad'],
  [{ burst: { goodToBad: 0, badToGood: -1 } }, 'burst.badToGood'],
  [{ burst: { goodToBad: 0, badToGood: 0, lossInBad: 5 } }, 'burst.lossInBad'],
  [{ burst: { goodToBad: 0, badToGood: 0, lossInGood: NaN } }, 'burst.lossInGood'],
  [{ delayMs: -1 }, 'delayMs'],
  [{ delayMs: Infinity }, 'delayMs'],
  [{ jitterMs: NaN }, 'jitterMs'],
  [{ rateBps: 0 }, 'rateBps'],
  [{ rateBps: Infinity }, 'rateBps'],
  [{ rateBps: 1, queueBytes: 0 }, 'queueBytes'],
  [{ queueBytes: 1000 }, 'queueBytes'],
];

describe('options', () => {
  test.each(refused)('%o are refused by an error that names the option', (options, name) => {
    const error = expect.objectContaining({
      name: 'NetemError',
      code: 'ERR_NETEM_INVALID_OPTION',
      message: expect.stringContaining(`${name}: `) as string,
    }) as Error;
    expect(() => new Netem({ seed: 1, ...options })).toThrow(error);
    expect(() => new NetemLink({ seed: 1 }, { seed: 1, ...options })).toThrow(error);
  });

  test('of an unknown name are refused, so that a slip of the pen is no perfect link', () => {
    const misspelt: object = { seed: 1, los: 0.5 };
    expect(() => new Netem(misspelt as { seed: number })).toThrow(/^los: unknown/);
    const burst: object = { goodToBad: 0, badToGood: 0, loss: 1 };
    expect(() => new Netem({ seed: 1, burst: burst as { goodToBad: 0; badToGood: 0 } })).toThrow(/^burst\.loss: unknown/);
  });

  test('half a burst is refused', () => {
    const half: object = { goodToBad: 0.5 };
    expect(() => new Netem({ seed: 1, burst: half as { goodToBad: 0; badToGood: 0 } })).toThrow(/^burst\.badToGood: got undefined/);
  });
});

describe('change', () => {
  test('cuts and heals a link for packets sent afterwards only', () => {
    const netem = new Netem<string>({ seed: 1, delayMs: 10 });
    netem.send('before', 10, 0);
    netem.change({ loss: 1 });
    netem.send('during', 10, 1);
    netem.change({ loss: 0 });
    netem.send('after', 10, 2);
    expect([netem.deliver(50), netem.deliver(50), netem.deliver(50)]).toEqual(['before', 'after', undefined]);
  });

  test('that is refused leaves the link as it was', () => {
    const netem = new Netem<string>({ seed: 1, delayMs: 10, reorder: 0 });
    expect(() => {
      netem.change({ delayMs: 20, loss: 7 });
    }).toThrow(NetemError);
    netem.change({});
    netem.send('a', 10, 0);
    expect(netem.nextDeliveryMs()).toBe(10);
  });

  test('takes undefined as the default', () => {
    const netem = new Netem<string>({ seed: 1, delayMs: 10 });
    netem.change({ delayMs: undefined });
    netem.send('a', 10, 0);
    expect(netem.nextDeliveryMs()).toBe(0);
  });
});

describe('send', () => {
  test('refuses a time before that of an earlier packet', () => {
    const netem = new Netem<string>({ seed: 1 });
    netem.send('a', 10, 5);
    expect(() => {
      netem.send('b', 10, 4);
    }).toThrow(expect.objectContaining({ code: 'ERR_NETEM_TIME_BACKWARDS' }));
    expect(netem.stats.sent).toBe(1);
  });

  test.each([-1, NaN, Infinity])('refuses a packet of %s bytes', (size) => {
    expect(() => {
      new Netem<string>({ seed: 1 }).send('a', size, 0);
    }).toThrow(NetemError);
  });

  test.each([NaN, Infinity, -Infinity])('refuses the time %s', (nowMs) => {
    expect(() => {
      new Netem<string>({ seed: 1 }).send('a', 10, nowMs);
    }).toThrow(NetemError);
  });
});
