import { FIRST_NODE, nodeFault } from '@lightspeed/commands/required-node';
import { expect, it } from 'vitest';

it.each([`${FIRST_NODE}.0.0`, `${FIRST_NODE + 2}.10.0`, '100.1.0'])('Node %s is new enough', (version) => {
  expect(nodeFault(version)).toBeUndefined();
});

it.each(['0.12.18', '20.20.2', `${FIRST_NODE - 1}.11.1`])('Node %s is refused with what is needed', (version) => {
  expect(nodeFault(version)).toMatch(new RegExp(`^this needs Node ${FIRST_NODE} or newer, and runs on Node ${version}: install`));
});
