import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArrivalJudge, arrivalJudgeWords } from '../src/protection/loop/arrival-judge.ts';

const DELAY_US = 25_000;

/** A judge, and packets that arrive at it; each takes as long as the others if nothing else is said. */
function sceneOf(paths = 1) {
  const judge = new ArrivalJudge(paths);
  const arrive = (sequence: number, nowMs: number, { extraUs = 0, path = 0, hasBlocks = false } = {}) => {
    const nowUs = Math.imul(nowMs, 1000);
    judge.arrived(sequence & 0xffff, (nowUs - DELAY_US - extraUs) | 0, path, hasBlocks, nowMs | 0, nowUs);
  };
  const counts = () => ({ highest: judge.highest, received: judge.received, runs: judge.runs, epoch: judge.epoch });
  return { judge, arrive, counts };
}

describe('what came on the wire', () => {
  it('is judged 64 numbers behind the newest', () => {
    const { arrive, counts } = sceneOf();
    for (let sequence = 0; sequence < 100; sequence++) if (sequence !== 10) arrive(sequence, 0);
    expect(counts()).toEqual({ highest: 35, received: 35, runs: 1, epoch: 0 });
  });

  it('is counted anew when the sender starts over, also with numbers that are a little lower', () => {
    const { judge, arrive, counts } = sceneOf();
    for (let sequence = 0; sequence < 500; sequence++) arrive(sequence, 0);
    judge.restart();
    expect(judge.isDue(1_000)).toBe(false);
    arrive(0, 5_000, { extraUs: 40_000 });
    expect([judge.isDue(5_000), judge.delayMs]).toEqual([true, 0]);
    for (let sequence = 1; sequence < 100; sequence++) if (sequence !== 10) arrive(sequence, 5_000);
    expect(counts()).toEqual({ highest: 35, received: 35, runs: 1, epoch: 1 });
  });

  it('is judged 100 ms after something newer came', () => {
    const { judge, arrive, counts } = sceneOf();
    arrive(7, 0);
    arrive(9, 10);
    judge.isDue(99);
    expect(counts()).toEqual({ highest: 6, received: 0, runs: 0, epoch: 0 });
    judge.isDue(130);
    expect(counts()).toEqual({ highest: 9, received: 2, runs: 1, epoch: 0 });
  });

  it('counts what comes out of order in time, and what comes later as lost', () => {
    const { judge, arrive, counts } = sceneOf();
    arrive(0, 0);
    arrive(2, 5);
    arrive(1, 20);
    arrive(4, 30);
    judge.isDue(200);
    arrive(3, 201);
    expect(counts()).toEqual({ highest: 4, received: 4, runs: 1, epoch: 0 });
  });

  it('has one run for losses in a row, however many', () => {
    const { judge, arrive, counts } = sceneOf();
    arrive(0, 0);
    arrive(500, 10);
    arrive(502, 20);
    judge.isDue(200);
    expect(counts()).toEqual({ highest: 502, received: 3, runs: 2, epoch: 0 });
  });

  it('begins anew when the numbers jump by more than 1,024, either way', () => {
    const { judge, arrive, counts } = sceneOf();
    arrive(0, 0);
    arrive(1024, 10);
    expect(judge.epoch).toBe(0);
    arrive(2049, 20);
    expect(counts()).toEqual({ highest: 2048, received: 0, runs: 0, epoch: 1 });
    arrive(1000, 30);
    judge.isDue(200);
    expect(counts()).toEqual({ highest: 1000, received: 1, runs: 0, epoch: 2 });
  });

  it('agrees with a plain count for any losses, over wrapping numbers and clocks', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 200 }), fc.nat(0xffff), (steps, first) => {
        const { judge, arrive, counts } = sceneOf();
        let nowMs = 0x7fff_ff00;
        let sequence = first;
        arrive(sequence, nowMs);
        for (const step of steps) arrive((sequence += step), (nowMs += 7));
        judge.isDue((nowMs + 120) | 0);
        const runs = steps.filter((step) => step > 1).length;
        expect(counts()).toEqual({ highest: sequence & 0xffff, received: steps.length + 1, runs, epoch: 0 });
      }),
    );
  });
});

describe('the delay of a report', () => {
  it('is the least since the last report, above that of the last minute', () => {
    const { judge, arrive } = sceneOf();
    arrive(0, 0);
    judge.reported(1);
    arrive(1, 1_000, { extraUs: 40_000 });
    arrive(2, 1_016, { extraUs: 12_000 });
    expect(judge.delayMs).toBe(12);
    judge.reported(1_020);
    arrive(3, 1_033, { extraUs: 400_000 });
    expect(judge.delayMs).toBe(255);
  });

  it('takes a longer way for the usual one after a minute', () => {
    const { judge, arrive } = sceneOf();
    for (let nowMs = 0; nowMs < 70_000; nowMs += 500) {
      judge.reported(nowMs);
      arrive(nowMs / 500, nowMs, { extraUs: nowMs === 0 ? 0 : 30_000 });
      if (nowMs === 40_000) expect(judge.delayMs).toBe(30);
    }
    expect(judge.delayMs).toBe(0);
  });

  it('is measured on each path by itself, and anew on one that is another', () => {
    const { judge, arrive } = sceneOf(2);
    arrive(0, 0);
    arrive(1, 10, { path: 1, extraUs: 50_000 });
    judge.reported(11);
    arrive(2, 20, { path: 1, extraUs: 55_000 });
    expect(judge.delayMs).toBe(5);
    judge.reported(21);
    judge.forgetPath(1);
    arrive(3, 30, { path: 1, extraUs: 90_000 });
    expect(judge.delayMs).toBe(0);
  });

  it('does not show another clock of the sender', () => {
    const { judge, arrive } = sceneOf();
    arrive(0, 0);
    judge.reported(1);
    arrive(1, 20, { extraUs: 900_000_000 });
    expect(judge.delayMs).toBe(0);
  });
});

describe('a report is due', () => {
  /** How many reports go in the ten seconds after the first of them. */
  const reportsIn = (isLost: (sequence: number) => boolean, hasBlocks: boolean, fromMs: number, toMs: number) => {
    const { judge, arrive } = sceneOf();
    let reports = 0;
    for (let sequence = 0; sequence * 16 < toMs; sequence++) {
      const nowMs = sequence * 16;
      if (!isLost(sequence)) arrive(sequence, nowMs, { hasBlocks });
      if (!judge.isDue(nowMs)) continue;
      judge.reported(nowMs);
      if (nowMs >= fromMs) reports++;
    }
    return reports;
  };

  it('once a second on a clean line', () => {
    expect(reportsIn(() => false, false, 10_000, 20_000)).toBe(10);
  });

  it('ten times a second after a loss, and while redundancy comes', () => {
    const losing = (sequence: number) => sequence % 20 === 19;
    expect(reportsIn(losing, false, 1_000, 5_000)).toBeGreaterThanOrEqual(32);
    expect(reportsIn(losing, true, 20_000, 30_000)).toBeGreaterThanOrEqual(85);
    expect(reportsIn(losing, true, 20_000, 30_000)).toBeLessThanOrEqual(100);
  });

  it('twice a second while loss just goes on', () => {
    const reports = reportsIn((sequence) => sequence % 20 === 19, false, 20_000, 30_000);
    expect(reports).toBeGreaterThanOrEqual(17);
    expect(reports).toBeLessThanOrEqual(21);
  });

  it('never while nothing comes', () => {
    const { judge, arrive } = sceneOf();
    expect(judge.isDue(0)).toBe(false);
    arrive(0, 0);
    expect(judge.isDue(0)).toBe(true);
    judge.reported(0);
    expect(judge.isDue(60_000)).toBe(false);
  });
});

it('judges of many sessions share an array, of 216 bytes each for four paths', () => {
  const words = arrivalJudgeWords(4);
  expect(words * 4).toBe(216);
  const shared = new Int32Array(2 * words);
  const judges = [0, words].map((first) => new ArrivalJudge(4, shared, first));
  for (const [nth, judge] of judges.entries()) judge.arrived(100 * nth, 0, 3, false, 0, 0);
  for (const [nth, judge] of judges.entries()) judge.arrived(100 * nth + 2, 0, 3, false, 10, 0);
  for (const judge of judges) judge.isDue(200);
  expect(judges.map(({ highest, received, runs }) => [highest, received, runs])).toEqual([
    [2, 2, 1],
    [102, 2, 1],
  ]);
});
