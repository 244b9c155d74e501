import { describe, expect, it } from 'vitest';
import { LoopScene, everyNth } from './support/loss/loop-scene.ts';

const FIVE_PERCENT = { isLost: everyNth(20) };

/** Plays on a line that has no room for protection, until the loop has taken it back. */
function playUntilUndone(scene: LoopScene, harm: Parameters<LoopScene['play']>[1]): number {
  scene.play(400_000, FIVE_PERCENT, () => scene.step !== 'none');
  const raisedMs = scene.nowMs;
  scene.play(60_000, harm, () => scene.reasons.at(-1)?.includes('none more') === true);
  return scene.nowMs - raisedMs;
}

describe('a raise that does harm', () => {
  it.each([
    ['by loss', { isLost: everyNth(3) }, /^loss 3\d\.\d %, before \d\.\d %; none more for 2 s: no protection$/],
    ['by a queue', { ...FIVE_PERCENT, delayMs: 40 }, /^delay 40 ms, before 0 ms; none more for 2 s: no protection$/],
  ])('%s, is taken back within a second', (_how, harm, reason) => {
    const scene = new LoopScene();
    expect(playUntilUndone(scene, harm)).toBeLessThanOrEqual(1_000);
    expect(scene.step).toBe('none');
    expect(scene.reasons.at(-1)).toMatch(reason);
  });

  it('is tried again later and later, and then waits for five minutes', () => {
    const scene = new LoopScene();
    const holds = Array.from({ length: 10 }, () => {
      playUntilUndone(scene, { isLost: everyNth(3) });
      return Number(/none more for (\d+) s/.exec(scene.reasons.at(-1) ?? '')?.[1]);
    });
    expect(holds).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  });

  it('goes first with four packets where the last one filled a queue', () => {
    const scene = new LoopScene();
    playUntilUndone(scene, { ...FIVE_PERCENT, delayMs: 40 });
    scene.play(60_000, FIVE_PERCENT, () => scene.step !== 'none');
    const { sequence } = scene;
    scene.play(1_000, FIVE_PERCENT, () => scene.step === 'none');
    expect(scene.sequence - sequence).toBe(4);
    expect(scene.reasons.at(-1)).toBe('a few packets only, until they are reported: no protection');
    scene.play(1_000, { ...FIVE_PERCENT, delayMs: 40 }, () => scene.reasons.at(-1)?.includes('none more') === true);
    expect(scene.reasons.at(-1)).toMatch(/^delay 40 ms, before 0 ms; none more for 8 s/);
  });

  it('is not tried again before the queue that it has filled is empty', () => {
    const scene = new LoopScene();
    playUntilUndone(scene, { ...FIVE_PERCENT, delayMs: 40 });
    scene.play(30_000, { ...FIVE_PERCENT, delayMs: 8 });
    expect(scene.step).toBe('none');
    expect(scene.reasons.at(-1)).toContain('none more');
    scene.play(3_000, FIVE_PERCENT, () => scene.step !== 'none');
    expect(scene.step).toBe('early');
  });

  it('is not tried while a queue takes half of the deadline anyway', () => {
    const scene = new LoopScene();
    scene.play(30_000, { ...FIVE_PERCENT, delayMs: 30 });
    expect(scene.events).toEqual([]);
  });
});

describe('a raise after which there is a little more loss', () => {
  const doubtful = (withoutLoss: (nth: number) => boolean) => {
    const scene = new LoopScene();
    scene.play(60_000, FIVE_PERCENT, () => scene.step === 'early');
    const looks: number[] = [];
    for (let second = 0; second < 60 && !scene.reasons.at(-1)?.includes('none more'); second++) {
      scene.play(10_000, { isLost: everyNth(8) }, () => scene.step === 'none');
      const { sequence } = scene;
      scene.play(10_000, { isLost: withoutLoss }, () => scene.step === 'early' || scene.reasons.at(-1)?.includes('none more') === true);
      looks.push((scene.sequence - sequence) & 0xffff);
    }
    return { scene, looks };
  };

  it('is looked at without it, and taken back if there is less', () => {
    const { scene, looks } = doubtful(() => false);
    expect(scene.step).toBe('none');
    expect(scene.reasons.at(-1)).toMatch(/^loss 1\d\.\d % with early repeats, 0\.0 % without; none more for \d+ s: no protection$/);
    expect(looks.length).toBeLessThanOrEqual(2);
    for (const packets of looks) expect(packets).toBeLessThanOrEqual(90);
  });

  it('stays if there is as much without it, after one look', () => {
    const { scene, looks } = doubtful(everyNth(8));
    expect(scene.step).toBe('early');
    expect(looks.filter((packets) => packets > 0).length).toBe(1);
  });
});
