import { expect, test } from 'vitest';
import { measureControlCost } from '../src/macro/control-cost.ts';

const SECOND_NS = 1_000_000_000;
const PLAN = { settleMs: 12_000, measureMs: 20_000 };

/** A process on a clock of its own: what it takes of each second while clients are connected, and without them. */
function pretend(connected: number, closed: number) {
  const events: string[] = [];
  let nowMs = 5_000;
  let cpuNs = 7 * SECOND_NS;
  let share = connected;
  const process = {
    cpuNs: () => {
      events.push('read');
      return cpuNs;
    },
    hangUp: async () => {
      events.push('hang up');
      // Ending connections is work, too, which is not theirs while they are open.
      cpuNs += SECOND_NS;
      share = closed;
    },
  };
  const clock = {
    nowMs: () => nowMs,
    wait: async (ms: number) => {
      nowMs += ms;
      cpuNs += (share * ms * SECOND_NS) / 1_000;
    },
  };
  return { process, clock, events };
}

test('what the process does anyway is no cost of control connections', async () => {
  const { process, clock } = pretend(0.007, 0.005);

  expect(await measureControlCost(process, PLAN, clock)).toBeCloseTo(0.002 * SECOND_NS, 0);
});

test('it is per second, however long it is measured', async () => {
  for (const measureMs of [2_500, 20_000]) {
    const { process, clock } = pretend(0.16, 0);
    expect(await measureControlCost(process, { ...PLAN, measureMs }, clock)).toBeCloseTo(0.16 * SECOND_NS, 0);
  }
});

test('no memory is given back while the closed ones are measured', async () => {
  const { process, clock } = pretend(0.16, 0);
  const startedMs = clock.nowMs();
  let closedMs = 0;
  const hangUp = async () => {
    closedMs = clock.nowMs();
  };

  await measureControlCost({ ...process, hangUp }, PLAN, clock);
  expect(closedMs - startedMs).toBeGreaterThanOrEqual(32_000);
  expect(clock.nowMs() - closedMs).toBeLessThan(9_000);
});

test('it is measured before and after the clients hang up, and closing them is in neither', async () => {
  const { process, clock, events } = pretend(0, 0);

  expect(await measureControlCost(process, PLAN, clock)).toBe(0);
  expect(events.lastIndexOf('hang up')).toBe(events.indexOf('hang up'));
  expect(new Set(events.slice(0, events.indexOf('hang up')))).toEqual(new Set(['read']));
  expect(events.filter((event) => event === 'read').length).toBe(2 * (events.length - events.indexOf('hang up') - 1));
});

test('what the process does once meanwhile is no cost of theirs', async () => {
  const { process, clock } = pretend(0.007, 0.005);
  let reads = 0;
  let garbageNs = 0;
  const cpuNs = () => {
    if (++reads === 4) garbageNs = 0.06 * SECOND_NS;
    return process.cpuNs() + garbageNs;
  };

  expect(await measureControlCost({ ...process, cpuNs }, PLAN, clock)).toBeCloseTo(0.002 * SECOND_NS, 0);
});
