import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const canRun = process.getuid?.() === 0 && existsSync('/usr/sbin/nft');
const HISTORY = '/.nft.history';
const NFT = new URL('../src/helper/nft.ts', import.meta.url).href;

describe.skipIf(!canRun)('nft', () => {
  it('leaves nothing behind of its commands when the helper is gone', async () => {
    const name = `lightspeed_${randomBytes(8).toString('hex')}`;
    const helper = `
      const { Nft } = await import(${JSON.stringify(NFT)});
      await (await Nft.start()).command('list table ip ${name}').catch(() => undefined);
      process.exit();`;
    await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', helper]);
    // It ends by itself, soon.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(existsSync(HISTORY) ? readFileSync(HISTORY, 'utf8') : '').not.toContain(name);
  });
});
