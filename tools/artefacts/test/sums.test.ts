import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@lightspeed/lab';
import { expect, it } from 'vitest';
import { writeSums } from '../src/base/sums.ts';

it('lists all files but itself, as sha256sum does, also the second time', async () => {
  await using folder = await temporaryFolder();
  writeFileSync(join(folder.path, 'b'), '');
  writeFileSync(join(folder.path, 'a'), 'abc');
  writeSums(folder.path);
  writeSums(folder.path);

  expect(readFileSync(join(folder.path, 'SHA256SUMS'), 'utf8')).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n' +
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b\n',
  );
});
