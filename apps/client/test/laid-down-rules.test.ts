import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RulesFile } from '../src/evidence/rules-file.ts';

let folder = '';
const warnings: string[] = [];
const told = (text: string) => void warnings.push(text);
const file = () => join(folder, 'state', 'ways.json');

beforeEach(async () => {
  warnings.length = 0;
  folder = await mkdtemp(join(tmpdir(), 'lightspeed-rules-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('rules of the page outlive the client, in a file that only its owner can read', async () => {
  const rules = await RulesFile.open(file(), told);
  await rules.change({ servers: '203.0.113.0/24', way: 'direct' });
  await rules.change({ game: 'Quake', way: 'node' });
  expect((await stat(file())).mode & 0o777).toBe(0o600);
  const again = await RulesFile.open(file(), told);
  expect(again.rules).toEqual([
    { game: 'Quake', way: 'node' },
    { servers: '203.0.113.0/24', way: 'direct' },
  ]);
  await again.change({ game: 'Quake', way: 'evidence' });
  await again.change({ servers: '203.0.113.0/24', way: 'node' });
  expect(JSON.parse(await readFile(file(), 'utf8'))).toEqual([{ servers: '203.0.113.0/24', way: 'node' }]);
});

it('what is no rule in the file is left out, and that is said', async () => {
  await writeFile(join(folder, 'ways.json'), '[{"game":"Quake","way":"node"},{"way":"direct"},7,{"servers":"nowhere","way":"direct"}]');
  expect((await RulesFile.open(join(folder, 'ways.json'), told)).rules).toEqual([{ game: 'Quake', way: 'node' }]);
  expect(warnings).toEqual([expect.stringMatching(/ways\.json: 3 of the rules of the live page cannot be read/)]);
  await writeFile(join(folder, 'ways.json'), '{');
  expect((await RulesFile.open(join(folder, 'ways.json'), told)).rules).toEqual([]);
});

it('there are a hundred rules at most', async () => {
  const rules = await RulesFile.open(file(), told);
  for (let nth = 0; nth < 100; nth++) await rules.change({ game: `game ${nth}`, way: 'direct' });
  await expect(rules.change({ game: 'one more', way: 'direct' })).rejects.toThrow('there are 100 rules already');
  expect(rules.rules).toHaveLength(100);
});
