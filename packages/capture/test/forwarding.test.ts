import { expect, it } from 'vitest';
import { startForwarding } from '../src/helper/forwarding.ts';

it.runIf(process.platform === 'linux')('an interface that is not there is named, with those that are', () => {
  expect(() => startForwarding('nope0', [])).toThrow(/^there is no interface nope0; there are: /);
});
