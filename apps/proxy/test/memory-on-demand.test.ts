import { expect, it } from 'vitest';
import { giveMemoryBack } from '../src/base/give-memory-back.ts';

it('nothing that nobody holds is left when memory was given back', async () => {
  const held = { held: true };
  const refs = [held, { held: false }, { held: false }].map((thing) => new WeakRef(thing));
  await giveMemoryBack();
  expect(refs.map((ref) => ref.deref()?.held)).toEqual([true, undefined, undefined]);
  expect(held.held).toBe(true);
});
