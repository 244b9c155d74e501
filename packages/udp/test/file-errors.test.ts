import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explainFileError } from '@lightspeed/udp';
import { expect, it, onTestFinished } from 'vitest';

function explained(action: () => unknown, missing?: 'folder'): string {
  try {
    action();
  } catch (thrown) {
    return explainFileError(thrown, missing);
  }
  throw new Error('nothing was thrown');
}

it('the error of a file that the system does not give is explained without codes, and any other error shows its message', () => {
  const folder = mkdtempSync(join(tmpdir(), 'file-errors-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(explained(() => readFileSync(join(folder, 'other')))).toBe('there is no such file');
  expect(explained(() => openSync(join(folder, 'none', 'new'), 'wx'), 'folder')).toBe('there is no such folder');
  expect(explained(() => readFileSync(folder))).toBe('it is a directory');
  expect(explained(() => readFileSync(join(file, 'below')))).toBe('a part of its path is no directory');
  expect(explained(() => closeSync(openSync(file, 'wx')))).toBe('it is there already, and is not written over');
  expect(explainFileError(Object.assign(new Error('EACCES: no'), { code: 'EACCES' }))).toBe('permission denied');
  expect(explainFileError(new Error("EROFS: read-only file system, open '/boot/x, y'"))).toBe('read-only file system');
  expect(explainFileError(new Error('another one'))).toBe('another one');
  expect(explainFileError('a text')).toBe('a text');
});
