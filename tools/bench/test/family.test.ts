import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { familyOf, parseParent } from './support/family.ts';

test('a parent is found whatever the program is called', () => {
  expect(parseParent('4321 (a) R 7 (b) S 17 4321 4321 0 -1')).toBe(17);
});

test.runIf(process.platform === 'linux')('a family is a process and its descendants', async () => {
  const parent = spawn('sh', ['-c', 'tail -f /dev/null & echo $!; wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [text] = (await once(parent.stdout, 'data')) as [Buffer];
  const family = familyOf(parent.pid ?? -1);
  const exited = once(parent, 'exit');
  process.kill(Number(text.toString()));
  await exited;

  expect(family).toEqual([parent.pid, Number(text.toString())]);
});
