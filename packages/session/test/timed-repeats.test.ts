import fc from 'fast-check';
import { DropReason } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { NO_REPEATS } from '../src/protection/repeats/repeat-plan.ts';
import type { RepeatPlan } from '../src/protection/repeats/repeat-plan.ts';
import { sequentialRandom } from './support/random.ts';
import { RepeatsWorld, faultsOf } from './support/repeats-world.ts';
import type { Way } from './support/repeats-world.ts';

const DELAY_MS = 25;
const EARLY: RepeatPlan = { repeats: [{ ageMs: 5, slackMs: 18 }], keptMs: 0, xorPackets: 0 };
const TWO: RepeatPlan = {
  repeats: [
    { ageMs: 5, slackMs: 18 },
    { ageMs: 20, slackMs: 6 },
  ],
  keptMs: 0,
  xorPackets: 0,
};
const losing =
  (share: number): Way =>
  (_, random) =>
    random() < share ? [] : [DELAY_MS];

/** Sends payloads at a rate for some seconds, and then waits for the last ones. */
function play(world: RepeatsWorld, perSecond: number, seconds: number, bytes = 90): void {
  for (let n = 0; n < perSecond * seconds; n++) {
    world.run(Math.round(((n + 1) * 1_000) / perSecond) - world.nowMs);
    world.send(bytes);
  }
  world.run(300);
}

const LATE: RepeatPlan = { repeats: [{ ageMs: 23, slackMs: 3 }], keptMs: 0, xorPackets: 0 };

/** Outages in time: exponential lengths, so that the way is down for a share of the time. */
class Outages {
  readonly #ends: (readonly [fromMs: number, toMs: number])[] = [];

  constructor(share: number, meanMs: number, lengthMs: number, random: () => number) {
    const drawn = (mean: number) => -Math.log(1 - random()) * mean;
    for (let ms = drawn((meanMs * (1 - share)) / share); ms < lengthMs;) {
      const toMs = ms + drawn(meanMs);
      this.#ends.push([ms, toMs]);
      ms = toMs + drawn((meanMs * (1 - share)) / share);
    }
  }

  /** How long the way stays down from now on; 0 if it is not. */
  leftMs(nowMs: number): number {
    const found = this.#ends.find(([fromMs, toMs]) => fromMs <= nowMs && nowMs < toMs);
    return found === undefined ? 0 : found[1] - nowMs;
  }

  get way(): Way {
    return (nowMs) => (this.leftMs(nowMs) > 0 ? [] : [DELAY_MS]);
  }
}

function uniform(seed: number): () => number {
  const random = sequentialRandom(seed);
  return () => random() / 2 ** 32;
}

describe('timed repeats', () => {
  it.each([
    ['5, random 5 %', EARLY, 0.05, 0.004, 0.004],
    ['5, random 10 %', EARLY, 0.1, 0.012, 0.012],
    ['5 and 20, random 5 %', TWO, 0.05, 0.0006, 0.0006],
    ['5 and 20, random 10 %', TWO, 0.1, 0.002, 0.002],
    ['5 and 20, random 20 %', TWO, 0.2, 0.012, 0.012],
  ])('at ages of %s bring nearly all back within 30 ms, in order', (_, plan, loss, mostMissing, mostOutOfOrder) => {
    const world = new RepeatsWorld({ plan, way: losing(loss), seed: 5 });
    play(world, 60, 300);
    const faults = faultsOf(world, DELAY_MS, 30);
    expect(faults.missing).toBeLessThanOrEqual(mostMissing);
    expect(faults.outOfOrder).toBeLessThanOrEqual(mostOutOfOrder);
    expect(faults.twice).toBe(0);
    expect(world.memory.available).toBe(world.memory.capacity);
  });

  it('ride on later packets: early ones take no packets, and three quarters of the bytes', () => {
    const bytes = [NO_REPEATS, EARLY].map((plan) => {
      const world = new RepeatsWorld({ plan, way: losing(0) });
      play(world, 60, 60);
      // The last payload has none behind it.
      expect(world.packets).toBeLessThanOrEqual(60 * 60 + 1);
      return world.wireBytes;
    });
    expect(bytes[1] / bytes[0]).toBeLessThanOrEqual(1.75);
  });

  it('go alone where the game sends too seldom for a carrier in time', () => {
    const world = new RepeatsWorld({ plan: EARLY, way: losing(0.05), seed: 3 });
    play(world, 20, 300);
    expect(faultsOf(world, DELAY_MS, 30).missing).toBeLessThanOrEqual(0.004);
    expect(world.sender.packetsAlone).toBeGreaterThan(0.95 * 20 * 300);
    expect(world.sender.repeatsCarried).toBeLessThan(10);
  });

  it.each([
    ['one packet at a time', 128, 1],
    ['four packets at a time', 64, 4],
  ])('ride at high rates too: %s', (_, moments, together) => {
    const world = new RepeatsWorld({ plan: EARLY, way: losing(0.05), seed: 9 });
    for (let n = 0; n < moments * 120; n++) {
      world.run(Math.round(((n + 1) * 1_000) / moments) - world.nowMs);
      for (let i = 0; i < together; i++) world.send(100);
    }
    world.run(300);
    expect(faultsOf(world, DELAY_MS, 30).missing).toBeLessThanOrEqual(0.003);
    expect(world.sender.packetsAlone).toBeLessThanOrEqual(together);
  });

  it('at a late age bring back what outages allow to', () => {
    const seconds = 1_000;
    const outages = new Outages(0.05, 50, seconds * 1_000 + 1_000, uniform(7));
    const world = new RepeatsWorld({ plan: LATE, way: outages.way });
    play(world, 60, seconds);
    const unreachable = world.sentMs.filter((ms) => outages.leftMs(ms) > 30).length / world.sentMs.length;
    expect(unreachable).toBeGreaterThan(0.02);
    expect(faultsOf(world, DELAY_MS, 30).missing).toBeLessThanOrEqual(1.2 * unreachable);
  });

  it('of many payloads that are due at once are in packets of eight at most', () => {
    const world = new RepeatsWorld({ plan: EARLY, way: losing(0) });
    for (let n = 0; n < 20; n++) world.send(20);
    world.run(300);
    expect(world.refused).toEqual([]);
    expect(world.sender.packetsAlone).toBe(3);
  });

  it('are given to those who ask for what they miss, each once, while it is kept', () => {
    const world = new RepeatsWorld({ plan: { repeats: [], keptMs: 50, xorPackets: 0 }, way: losing(0) });
    for (let n = 0; n < 4; n++) world.send(50);
    world.run(10);
    world.session.answer(1, 0b10);
    world.session.answer(1, 0b110);
    // However often they ask.
    for (let n = 0; n < 300; n++) {
      world.session.answer(1, 0b10);
      world.run(n % 50 === 0 ? 1 : 0);
    }
    world.run(60);
    expect(world.sender.packetsAlone).toBe(2);
    world.session.answer(0, 0b111);
    expect(world.sender.packetsAlone).toBe(2);
    expect(world.memory.available).toBe(world.memory.capacity);
  });

  it('take no more than the budget', () => {
    const world = new RepeatsWorld({ plan: TWO, way: losing(0), budgetPercent: 50 });
    play(world, 60, 60);
    const own = 60 * 60 * (28 + 20 + 90);
    expect(world.wireBytes - own).toBeLessThanOrEqual(0.5 * own);
    expect(world.wireBytes - own).toBeGreaterThan(0.4 * own);
    const slow = new RepeatsWorld({ plan: TWO, way: losing(0), budgetKbps: 16 });
    play(slow, 60, 60);
    expect(slow.wireBytes - own).toBeLessThanOrEqual(2_000 * 61);
  });

  it('take all memory of a flow back when it ends', () => {
    const world = new RepeatsWorld({ plan: TWO, way: losing(0) });
    for (let n = 0; n < 5; n++) world.send(50);
    world.flow.abandon();
    world.run(1);
    expect(world.memory.available).toBe(world.memory.capacity);
  });

  it('deliver only what was sent, once, whatever is lost, overtaken or doubled on the way', () => {
    const gap = fc.oneof({ weight: 4, arbitrary: fc.nat(30) }, { weight: 1, arbitrary: fc.nat(400) });
    const steps = fc.array(fc.record({ gap, bytes: fc.integer({ min: 4, max: 1_470 }), count: fc.integer({ min: 1, max: 4 }) }), {
      maxLength: 60,
    });
    const plans = fc.constantFrom(EARLY, TWO, LATE, NO_REPEATS);
    fc.assert(
      fc.property(steps, plans, fc.double({ min: 0, max: 0.6, noNaN: true }), fc.nat(), (steps, plan, loss, seed) => {
        const way: Way = (_, random) => {
          const copies = random() < loss ? 0 : random() < 0.1 ? 2 : 1;
          return Array.from({ length: copies }, () => 5 + random() * 40);
        };
        const world = new RepeatsWorld({ plan, way, seed });
        for (const { gap, bytes, count } of steps) {
          world.run(gap);
          for (let n = 0; n < count; n++) world.send(bytes);
        }
        world.run(300);
        expect(faultsOf(world, 0, 0).twice).toBe(0);
        expect(world.refused.filter((reason) => reason !== DropReason.duplicate)).toEqual([]);
        expect(world.memory.available).toBe(world.memory.capacity);
      }),
    );
  });
});
