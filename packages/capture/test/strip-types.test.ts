import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const MODULE = new URL('../src/setup/strip-types.ts', import.meta.url).href;

it('TypeScript becomes JavaScript, and nobody hears a warning but those that come later', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lightspeed-types-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'one.ts'), "import { two } from './two.ts';\nexport const one: number = two;\n");
  writeFileSync(join(folder, 'kept.d.ts'), 'export {};\n');
  const program = `const { stripTypes } = await import(${JSON.stringify(MODULE)}); stripTypes(${JSON.stringify(folder)}); process.emitWarning('later');`;

  const options = { env: { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '' } };
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], options);

  expect(stderr.split('\n').filter((line) => line.includes('Warning: '))).toEqual([expect.stringMatching(/ Warning: later$/)]);
  expect(readdirSync(folder).sort()).toEqual(['kept.d.ts', 'one.js']);
  expect(readFileSync(join(folder, 'one.js'), 'utf8')).toMatch(/^import \{ two \} from '\.\/two\.js';\nexport const one *= two;\n$/);
});
