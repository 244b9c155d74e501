import { expect, test } from 'vitest';
import { lintText } from './support/lint.ts';

const sansIo = [
  'packages/wire',
  'packages/memory',
  'packages/fec',
  'packages/control',
  'packages/security',
  'packages/session',
  'packages/choice',
  'tools/netem',
];

test.each(sansIo)('lint refuses clocks and chance in the sources of %s', async (project) => {
  const lines = ['Date.now()', 'performance.now()', 'Math.random()', 'setTimeout(() => {}, 1)', "crypto.getRandomValues('')"];
  const complaints = await lintText(`${project}/src/index.ts`, lines.map((line) => `console.log(${line})\n`).join(''));

  expect(complaints.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5]);
});

test('a comment cannot switch a rule off', async () => {
  // The text must stay as it is: it is an example of a comment that tries to switch a rule off, and the test shows that it has no effect.
  const complaints = await lintText('packages/wire/src/index.ts', '// eslint-disable-next-line\nconsole.log(Date.now())\n');

  expect(complaints.map(({ line }) => line)).toContain(2);
});
