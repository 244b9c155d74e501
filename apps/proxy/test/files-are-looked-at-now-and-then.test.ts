import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WatchedFiles } from '../src/control/watched-files.ts';
import { keptFolder } from './support/kept-folder.ts';

/** Asked four times a second, as the control plane does. @returns at which of the times something had changed. */
async function askedFor(seconds: number, watched: WatchedFiles, act: (time: number) => void): Promise<number[]> {
  const changed: number[] = [];
  for (let time = 0; time < seconds * 4; time++) {
    act(time);
    if (await watched.changed(time * 250)) changed.push(time);
  }
  return changed;
}

it('a change is noticed once, and before a second is over', async () => {
  const file = join(keptFolder(), 'list');
  const acts: Record<number, () => void> = {
    1: () => writeFileSync(file, 'a'),
    8: () => writeFileSync(file, 'other'),
    14: () => rmSync(file),
  };
  const changed = await askedFor(6, new WatchedFiles([join(file, '..', 'none'), file]), (time) => acts[time]?.());
  expect(changed).toHaveLength(3);
  expect(changed.map((time, i) => time - [1, 8, 14][i]).every((late) => late >= 0 && late < 4)).toBe(true);
});

it('files are looked at no more often than every third time', async () => {
  const file = join(keptFolder(), 'list');
  const changed = await askedFor(6, new WatchedFiles([file]), (time) => writeFileSync(file, 'x'.repeat(time)));
  expect(changed).toEqual([3, 6, 9, 12, 15, 18, 21]);
});

it('without files nothing ever changes', async () => {
  expect(await askedFor(3, new WatchedFiles([]), () => undefined)).toEqual([]);
});
