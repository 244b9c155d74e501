import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeConfig } from '@lightspeed/proxy';
import { expect, it } from 'vitest';
import { checkFiles } from '../src/cli/check-files.ts';
import { keptFolder } from './support/kept-folder.ts';

it('a revocation list that cannot be read is a fault, but for a node that knows what it said last: that one would start', async () => {
  const stateDir = keptFolder();
  const revocationList = join(stateDir, 'list');
  mkdirSync(revocationList);
  const config = nodeConfig({ stateDir, revocationList });
  await expect(checkFiles(config)).rejects.toThrow(/list: .*director/);

  writeFileSync(join(stateDir, 'revoked.txt'), `# of ${JSON.stringify(revocationList)}\n`);
  expect(await checkFiles(config)).toEqual([expect.stringMatching(/list: .*; what it said last stays in force$/)]);
});
