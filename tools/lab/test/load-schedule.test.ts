import { expect, test } from 'vitest';
import { Schedule } from '../src/load/schedule.ts';

const PLAN = { startUs: 5_000_000, clients: 10, ratePps: 1_000, grainUs: 0, burst: 1, warmUpMs: 300, guardMs: 40, measureMs: 500 };

function dueTimes(schedule: Schedule): { readonly client: number; readonly dueUs: number }[] {
  return Array.from({ length: schedule.total }, (_, packet) => ({ client: schedule.clientOf(packet), dueUs: schedule.dueUs(packet) }));
}

test('each client sends once in every period, always after the same time', () => {
  const all = dueTimes(new Schedule(PLAN));
  for (let client = 0; client < PLAN.clients; client++) {
    const own = all.filter((packet) => packet.client === client).map(({ dueUs }) => dueUs);
    const pauses = own.slice(1).map((dueUs, index) => dueUs - own[index]);

    expect(own).toHaveLength(88);
    expect(Math.min(...pauses)).toBeCloseTo(10_000, 3);
    expect(Math.max(...pauses)).toBeCloseTo(10_000, 3);
  }
});

test('packets are numbered in the order in which they are due', () => {
  const due = dueTimes(new Schedule(PLAN)).map(({ dueUs }) => dueUs);

  expect(due).toEqual(due.toSorted((a, b) => a - b));
});

test('clients do not keep step with each other', () => {
  const due = dueTimes(new Schedule({ ...PLAN, clients: 1_000, ratePps: 60_000 }))
    .slice(0, 1_000)
    .map(({ dueUs }) => dueUs);
  const pauses = due.slice(1).map((dueUs, index) => dueUs - due[index]);
  const mean = pauses.reduce((sum, pause) => sum + pause, 0) / pauses.length;
  const deviation = Math.sqrt(pauses.reduce((sum, pause) => sum + (pause - mean) ** 2, 0) / pauses.length);

  // Pauses between independent events deviate by as much as they last.
  expect(mean).toBeCloseTo(1_000_000 / 60_000, 0);
  expect(deviation / mean).toBeGreaterThan(0.8);
  expect(deviation / mean).toBeLessThan(1.2);
});

test('what is measured has a guard on both sides', () => {
  const schedule = new Schedule(PLAN);

  expect([schedule.firstMeasured, schedule.endMeasured, schedule.total]).toEqual([340, 840, 880]);
  expect([339, 340, 839, 840].map((packet) => schedule.isMeasured(packet))).toEqual([false, true, true, false]);
});

test('with a grain, what is due within it is due at its beginning', () => {
  const fine = new Schedule(PLAN);
  const coarse = new Schedule({ ...PLAN, grainUs: 1_000 });
  for (let packet = 0; packet < fine.total; packet++) {
    const behindUs = fine.dueUs(packet) - coarse.dueUs(packet);

    expect((coarse.dueUs(packet) - PLAN.startUs) % 1_000).toBe(0);
    expect(behindUs).toBeGreaterThanOrEqual(0);
    expect(behindUs).toBeLessThan(1_000);
  }
});

test('with bursts, a client sends several at once, and as many in all', () => {
  const all = dueTimes(new Schedule({ ...PLAN, burst: 4 }));

  expect(all).toHaveLength(880);
  for (let first = 0; first + 3 < all.length; first += 4) {
    expect(all.slice(first, first + 4)).toEqual(Array.from({ length: 4 }, () => all[first]));
  }
  const own = all.filter(({ client }) => client === 3);
  expect(own[4].dueUs - own[0].dueUs).toBeCloseTo(40_000, 3);
});
