import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RepeatPlan } from '../src/protection/repeats/repeat-plan.ts';
import { RepeatsWorld, faultsOf } from './support/repeats-world.ts';
import type { Way } from './support/repeats-world.ts';

const DELAY_MS = 25;
const EARLY: RepeatPlan = { repeats: [{ ageMs: 5, slackMs: 18 }], keptMs: 0 };
const TWO: RepeatPlan = {
  repeats: [
    { ageMs: 5, slackMs: 18 },
    { ageMs: 20, slackMs: 6 },
  ],
  keptMs: 0,
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

describe('timed repeats', () => {
  it.each([
    ['5, random 5 %', EARLY, 0.05, 0.004],
    ['5, random 10 %', EARLY, 0.1, 0.012],
    ['5 and 20, random 5 %', TWO, 0.05, 0.0006],
    ['5 and 20, random 10 %', TWO, 0.1, 0.002],
    ['5 and 20, random 20 %', TWO, 0.2, 0.012],
  ])('at ages of %s bring nearly all back within 30 ms, in order', (_, plan, loss, most) => {
    const world = new RepeatsWorld({ plan, way: losing(loss), seed: 5 });
    play(world, 60, 300);
    const faults = faultsOf(world, DELAY_MS, 30);
    console.log(faults, world.packets, world.wireBytes);
    expect(faults.missing).toBeLessThanOrEqual(most);
    expect(faults.twice).toBe(0);
    expect(world.memory.available).toBe(world.memory.capacity);
  });
});
void fc;
