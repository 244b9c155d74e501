import { expect, it } from 'vitest';
import { missingInterface } from '../src/base/interfaces.ts';

it.runIf(process.platform === 'linux')('an interface that devices cannot be at is named, with the others', () => {
  for (const name of ['nope0', 'lo', 'all', 'default']) {
    expect(missingInterface(name)).toMatch(new RegExp(`^there is no interface ${name}; there are: `));
  }
  const [, there = ''] = /there are: (.*)$/.exec(missingInterface('nope0') ?? '') ?? [];
  expect(there.split(', ')).not.toContain('lo');
  for (const name of there.split(', ').filter((one) => one !== 'none')) expect(missingInterface(name)).toBeUndefined();
});
