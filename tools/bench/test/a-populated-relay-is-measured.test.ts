import { expect, it } from 'vitest';
import { PopulatedRelay } from '../src/scale/relay-memory.ts';

it('has every session with a flow, and none once their time is over', () => {
  const populated = new PopulatedRelay(5_000);
  populated.populate();
  expect([populated.relay.sessionCount, populated.relay.flowCount]).toEqual([5_000, 5_000]);
  populated.pass(250_000);
  expect(populated.relay.sessionCount).toBe(5_000);
  populated.pass(60_000);
  expect([populated.relay.sessionCount, populated.relay.flowCount]).toEqual([0, 0]);
});
