import { describe, expect, it } from 'vitest';
import { Netem } from '../src/index.ts';
import type { Impairments } from '../src/index.ts';

/** Sends packets of so many bytes at a steady rate for a while. @returns the numbers of those that arrived. */
function play(link: Netem<number>, perSecond: number, seconds: number, bytes = 100): number[] {
  const arrived: number[] = [];
  for (let number = 0; number < perSecond * seconds; number++) {
    const nowMs = (number * 1_000) / perSecond;
    for (let packet = link.deliver(nowMs); packet !== undefined; packet = link.deliver(nowMs)) arrived.push(packet);
    link.send(number, bytes, nowMs);
  }
  for (let packet = link.deliver(Infinity); packet !== undefined; packet = link.deliver(Infinity)) arrived.push(packet);
  return arrived;
}

const linkOf = (impairments: Impairments, seed = 1) => new Netem<number>({ seed, ...impairments });

describe('outages', () => {
  it('take their share of the time, in lengths of their mean', () => {
    const link = linkOf({ outages: { share: 0.05, meanMs: 50 } });
    const seconds = 3_000;
    const lost = new Set(Array.from({ length: 1_000 * seconds }, (_, ms) => ms));
    for (const number of play(link, 1_000, seconds)) lost.delete(number);
    const times = [...lost].filter((ms) => !lost.has(ms - 1)).length;
    // So many exponential lengths: the mean is known to 1 / sqrt(n) of itself, and the share to sqrt(2) times that.
    const sigma = 1 / Math.sqrt(times);
    expect(Math.abs(lost.size / times / 50.5 - 1)).toBeLessThan(3 * sigma);
    expect(Math.abs(lost.size / (1_000 * seconds) / 0.05 - 1)).toBeLessThan(3 * Math.SQRT2 * sigma);
    expect(link.stats.lostOutage).toBe(lost.size);
  });

  it('are the same whatever is sent, and say how long they last', () => {
    const [busy, idle] = [linkOf({ outages: { share: 0.1, meanMs: 30 } }), linkOf({ outages: { share: 0.1, meanMs: 30 } })];
    for (let ms = 0; ms < 20_000; ms++) {
      busy.send(ms, 100, ms);
      if (ms % 100 === 0) expect(idle.outageLeftMs(ms)).toBe(busy.outageLeftMs(ms));
    }
    expect(busy.stats.lostOutage).toBeGreaterThan(1_000);
  });
});

describe('loss by time', () => {
  it('strikes the same moments whatever is sent besides', () => {
    const [alone, doubled] = [linkOf({ loss: 0.1, byTime: true }), linkOf({ loss: 0.1, byTime: true })];
    for (let ms = 0; ms < 10_000; ms += 10) {
      alone.send(ms, 100, ms);
      doubled.send(ms, 100, ms);
      doubled.send(-1, 100, ms + 5);
    }
    const arrivals = (link: Netem<number>) => {
      const all: number[] = [];
      for (let packet = link.deliver(Infinity); packet !== undefined; packet = link.deliver(Infinity)) if (packet >= 0) all.push(packet);
      return all;
    };
    expect(arrivals(doubled)).toEqual(arrivals(alone));
  });

  it('is as much as loss by count', () => {
    const link = linkOf({ loss: 0.05, byTime: true });
    const sent = 200_000;
    play(link, 100, sent / 100);
    const sigma = Math.sqrt(0.05 * 0.95 * sent);
    expect(Math.abs(link.stats.lostRandom - 0.05 * sent)).toBeLessThan(3 * sigma);
  });
});

describe('a policer', () => {
  it('passes its rate and its burst, and delays nothing', () => {
    const link = linkOf({ policer: { rateBps: 5_000, burstBytes: 2_000 } });
    const passed = play(link, 100, 10).length * 100;
    expect(passed).toBeLessThanOrEqual(5_000 * 10 + 2_000);
    expect(passed).toBeGreaterThan(5_000 * 10 + 2_000 - 200);
    expect(link.stats.lostPolicer).toBe(1_000 - passed / 100);
    expect(link.stats.longestQueueMs).toBe(0);
  });
});

describe('a queue', () => {
  it('keeps the order, and nobody waits longer than it says', () => {
    const link = linkOf({ rateBps: 8_000, queueMs: 100 });
    const arrived = play(link, 100, 10);
    expect(arrived).toEqual(arrived.toSorted((a, b) => a - b));
    expect(link.stats.longestQueueMs).toBeLessThanOrEqual(100);
    expect(link.stats.longestQueueMs).toBeGreaterThan(80);
    expect(arrived.length).toBeLessThanOrEqual(80 * 10 + 10);
  });

  it('is shared with others', () => {
    const options = { rateBps: 100_000, queueMs: 50 };
    const alone = linkOf(options);
    const shared = linkOf({ ...options, crossBps: 105_000 });
    expect(play(alone, 100, 60)).toHaveLength(6_000);
    play(shared, 100, 60);
    expect(shared.stats.lostQueue).toBeGreaterThan(0);
    expect(shared.stats.longestQueueMs).toBeGreaterThan(40);
    expect(shared.stats.longestQueueMs).toBeLessThanOrEqual(50);
    expect(alone.stats.longestQueueMs).toBe(0);
  });
});

it.each<[Impairments, string]>([
  [{ outages: { share: 1, meanMs: 5 } }, 'outages.share'],
  [{ outages: { share: 0.1, meanMs: 0 } }, 'outages.meanMs'],
  [{ policer: { rateBps: 0, burstBytes: 1 } }, 'policer.rateBps'],
  [{ queueMs: 10 }, 'queueMs'],
  [{ rateBps: 1, queueMs: 10, queueBytes: 10 }, 'queueMs'],
  [{ crossBps: 10 }, 'crossBps'],
])('%j is refused by its name', (impairments, name) => {
  expect(() => linkOf(impairments)).toThrow(
    expect.objectContaining({ code: 'ERR_NETEM_INVALID_OPTION', message: expect.stringContaining(name) }),
  );
});
