import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WatchedFiles } from '../src/control/watched-files.ts';
import { keptFolder } from './support/kept-folder.ts';

it('a change is noticed at the next look, and once', async () => {
  const file = join(keptFolder(), 'list');
  const watched = new WatchedFiles([join(file, '..', 'none'), file]);
  const looks = [await watched.changed()];
  for (const act of [
    () => writeFileSync(file, 'a'),
    () => writeFileSync(file, 'other'),
    () => chmodSync(file, 0o400),
    () => rmSync(file),
  ]) {
    act();
    looks.push(await watched.changed(), await watched.changed());
  }
  expect(looks).toEqual([false, true, false, true, false, true, false, true, false]);
});

it('without files nothing ever changes', async () => {
  const watched = new WatchedFiles([]);
  expect([await watched.changed(), await watched.changed()]).toEqual([false, false]);
});
