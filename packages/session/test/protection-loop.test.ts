import { describe, expect, it } from 'vitest';
import { ProtectionForm } from '../src/protection/loop/protection-step.ts';
import { LoopScene, everyNth } from './support/loss/loop-scene.ts';
import { ALL_FORMS, loopWith } from './support/loss/settings.ts';

const FIVE_PERCENT = { isLost: everyNth(20) };
const TEN_PERCENT = { isLost: everyNth(10) };
const BURSTS = { isLost: everyNth(20, 4) };
const ROOMY = { budgetPercent: 255 };

describe('a loop that decides by itself', () => {
  it('adds nothing on a clean line, nor for a single loss', () => {
    const scene = new LoopScene();
    scene.play(10_000);
    scene.play(10_000, { isLost: (nth) => nth === 300 });
    expect(scene.events).toEqual([]);
    expect(scene.loop.step).toEqual({ name: 'none', repeats: [], keptMs: 0, xorPackets: 0 });
  });

  it('answers random loss with early repeats, and says why and at what cost', () => {
    const scene = new LoopScene();
    scene.play(2_000);
    scene.play(1_000, FIVE_PERCENT);
    expect(scene.loop.step).toMatchObject({ name: 'early', repeats: [{ ageMs: 5, slackMs: 18 }] });
    expect(scene.reasons).toEqual([expect.stringMatching(/^loss \d\.\d %, runs 1\.0: early repeats; \+72 %$/)]);
    scene.play(10_000, FIVE_PERCENT);
    expect(scene.loop.loss).toBeCloseTo(0.05, 1);
    expect(scene.events).toHaveLength(1);
  });

  it('answers bursts with late repeats', () => {
    const scene = new LoopScene();
    scene.play(20_000, BURSTS);
    expect(scene.loop.step).toMatchObject({ name: 'late', repeats: [{ ageMs: 23, slackMs: 3 }] });
    expect(scene.loop.meanRun).toBeCloseTo(4, 0);
  });

  it('repeats twice where once leaves too much, and the budget has room', () => {
    const scene = new LoopScene(ROOMY);
    scene.play(10_000, TEN_PERCENT);
    expect(scene.loop.step).toMatchObject({ name: 'both', repeats: [{ ageMs: 5 }, { ageMs: 23 }] });
    const poorer = new LoopScene();
    poorer.play(10_000, TEN_PERCENT);
    expect(poorer.step).toBe('early');
  });

  it('takes protection back after five seconds without loss', () => {
    const scene = new LoopScene();
    scene.play(5_000, FIVE_PERCENT);
    scene.play(30_000);
    expect(scene.step).toBe('none');
    expect(scene.reasons.at(-1)).toMatch(/^loss 0\.\d % for 5 s: no protection$/);
  });

  it('never plans more than its budget', () => {
    for (const budget of [{ budgetPercent: 60 }, { budgetKbps: 40 }]) {
      const scene = new LoopScene(budget);
      scene.play(20_000, TEN_PERCENT);
      expect(scene.events).toEqual([]);
    }
  });

  it('uses riding XOR where the budget is small and the rate high', () => {
    const scene = new LoopScene({ budgetPercent: 50 });
    scene.play(5_000, { ...FIVE_PERCENT, hz: 128 });
    expect(scene.loop.step).toMatchObject({ name: 'xor', xorPackets: 2, repeats: [] });
  });

  it('prefers requests where the round trip allows them before the deadline', () => {
    const scene = new LoopScene({ deadlineMs: 50 });
    scene.loop.roundTrip(20, 2);
    scene.play(20_000, { isLost: everyNth(100) });
    expect(scene.loop.step).toMatchObject({ name: 'request', keptMs: 50, repeats: [] });
    const far = new LoopScene({ deadlineMs: 50 });
    far.loop.roundTrip(30, 2);
    far.play(20_000, { isLost: everyNth(60) });
    expect(far.step).toBe('early');
  });

  it('does nothing for downloads', () => {
    const scene = new LoopScene({ budgetKbps: 100_000 });
    scene.play(10_000, { ...FIVE_PERCENT, hz: 250, payloadBytes: 1_300 });
    expect(scene.events).toEqual([]);
  });

  it('uses only forms that are agreed, and nothing without reports', () => {
    for (const forms of [0, ProtectionForm.report, ALL_FORMS & ~ProtectionForm.report]) {
      const scene = new LoopScene({ forms });
      scene.play(10_000, { ...FIVE_PERCENT, reports: (forms & ProtectionForm.report) !== 0 });
      expect(scene.step).toBe('none');
    }
  });

  it('starts afresh on another path', () => {
    const scene = new LoopScene();
    scene.play(5_000, FIVE_PERCENT);
    scene.loop.pathsChanged(scene.nowMs | 0);
    expect(scene.step).toBe('none');
    expect(scene.reasons.at(-1)).toBe('another path: no protection until its loss is known');
    scene.play(20_000);
    expect(scene.step).toBe('none');
  });
});

describe('what is known of the game', () => {
  it('leaves a redundant game alone below 10 %', () => {
    const scene = new LoopScene({ hints: { isRedundant: true } });
    scene.play(10_000, FIVE_PERCENT);
    expect(scene.step).toBe('none');
    scene.play(10_000, { isLost: everyNth(6) });
    expect(scene.step).toBe('early');
  });

  it('repeats late for a game that drops late datagrams only if whole intervals are lost', () => {
    const scene = new LoopScene({ ...ROOMY, hints: { usesLate: false } });
    scene.play(10_000, TEN_PERCENT);
    expect(scene.step).toBe('early');
    scene.play(20_000, BURSTS);
    expect(scene.step).toBe('late');
  });

  it('tries requests first for a game that uses late datagrams', () => {
    const steps = [true, undefined].map((usesLate) => {
      const scene = new LoopScene({ deadlineMs: 60, hints: { usesLate } });
      scene.loop.roundTrip(30, 2);
      scene.play(20_000, { isLost: everyNth(25) });
      return scene.step;
    });
    expect(steps).toEqual(['request', 'early']);
  });

  it('lets repeats of an interpolating game wait for the next packet of 20 a second', () => {
    const scene = new LoopScene({ deadlineMs: 60, hints: { isInterpolating: true } });
    scene.play(10_000, { ...FIVE_PERCENT, hz: 20 });
    expect(scene.loop.step.repeats).toEqual([{ ageMs: 5, slackMs: 51 }]);
    expect(scene.reasons[0]).toMatch(/\+7\d %$/);
  });
});

describe('a mode that the player has chosen', () => {
  it('is in force from the start, as far as it is agreed', () => {
    const steps = [
      loopWith({ kind: 'repeat', agesMs: [5, 20] }),
      loopWith({ kind: 'request' }),
      loopWith({ kind: 'xor', packets: 3 }),
      loopWith({ kind: 'off' }),
      loopWith({ kind: 'repeat', agesMs: [5] }, { forms: ProtectionForm.xor }),
    ].map((options) => new LoopScene(options).loop.step);
    expect(steps).toMatchObject([
      {
        name: 'repeat',
        repeats: [
          { ageMs: 5, slackMs: 18 },
          { ageMs: 20, slackMs: 6 },
        ],
      },
      { name: 'request', keptMs: 30 },
      { name: 'xor', xorPackets: 3 },
      { name: 'none' },
      { name: 'none' },
    ]);
  });

  it('stays, whatever reports say', () => {
    const scene = new LoopScene(loopWith({ kind: 'repeat', agesMs: [5] }));
    scene.play(10_000, { isLost: everyNth(2), delayMs: 200 });
    expect(scene.step).toBe('repeat');
    expect(scene.events).toEqual([]);
  });
});

describe('without reports for three seconds of sending', () => {
  it('everything goes plain until one comes', () => {
    const scene = new LoopScene(loopWith({ kind: 'repeat', agesMs: [5] }));
    scene.play(2_900, { reports: false });
    expect(scene.step).toBe('repeat');
    scene.play(200, { reports: false });
    expect(scene.step).toBe('none');
    scene.report();
    expect(scene.step).toBe('repeat');
    expect(scene.reasons).toEqual(['no report for 3 s: no protection', 'reports come again']);
  });

  it('a loop that decides by itself begins again', () => {
    const scene = new LoopScene();
    scene.play(5_000, FIVE_PERCENT);
    scene.play(3_100, { reports: false });
    expect(scene.step).toBe('none');
    scene.play(1_500, FIVE_PERCENT);
    expect(scene.step).toBe('early');
  });

  it('a pause of the game is no silence of the peer', () => {
    const scene = new LoopScene(loopWith({ kind: 'repeat', agesMs: [5] }));
    scene.play(1_000);
    scene.nowMs += 60_000;
    scene.play(1_000, { reports: false });
    expect(scene.step).toBe('repeat');
  });

  it('a mode whose peer has promised no reports goes on', () => {
    const scene = new LoopScene(loopWith({ kind: 'repeat', agesMs: [5] }, { forms: ProtectionForm.repeat }));
    scene.play(10_000, { reports: false });
    expect(scene.step).toBe('repeat');
  });
});

describe('a report', () => {
  const opened = () => {
    const scene = new LoopScene();
    scene.play(80_000);
    return scene;
  };

  it('is refused if it speaks of packets that were not sent, or long ago', () => {
    const scene = opened();
    expect(scene.report({ highest: scene.sequence + 1 })).toBe(false);
    expect(scene.report({ highest: scene.sequence - 4096 })).toBe(false);
    expect(scene.report({ highest: scene.sequence - 4095 })).toBe(true);
    const young = new LoopScene();
    young.play(1_000, { reports: false });
    expect(young.report({ highest: young.sequence - 100 })).toBe(false);
  });

  it('is refused if more came than was sent, or more runs than losses', () => {
    const scene = opened();
    scene.report();
    scene.play(1_000, { reports: false });
    expect(scene.report({ received: scene.received + 1 })).toBe(false);
    expect(scene.report({ received: scene.received - 2, runs: scene.runs + 3 })).toBe(false);
    expect(scene.report({ received: scene.received - 2, runs: scene.runs + 2 })).toBe(true);
  });

  it('counts for nothing if another one has overtaken it, or its counters begin anew', () => {
    const scene = opened();
    scene.play(1_000, { reports: false });
    scene.report();
    expect(scene.report({ highest: scene.sequence - 5, received: scene.received - 5 })).toBe(true);
    expect(scene.report({ received: 0, runs: 0, epoch: scene.epoch + 1 })).toBe(true);
    expect(scene.loop.loss).toBe(0);
    expect(scene.step).toBe('none');
  });
});
