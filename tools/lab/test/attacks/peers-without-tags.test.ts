import { expect } from 'vitest';
import { allStarts } from './support/floods.ts';
import { describeAttacks, expectWhole } from './support/scenario.ts';
import type { StageOptions } from './support/stage.ts';

/** All of it four times. */
const PACE = { perSecond: 3_000, count: 4 * 3 * 255 };

const nodes: readonly (readonly [string, StageOptions])[] = [
  ['a node that has tags off', { flags: ['--tags', 'off'] }],
  ['an open node', { dialect: 'standard' }],
  ['an open node of dialect reference', { dialect: 'reference' }],
];

describeAttacks('peers without tags', (scenario) => {
  for (const [where, options] of nodes) {
    scenario(
      `a player at ${where} keeps session and port when all tokens are tried, and loses nothing a second later`,
      async (stage) => {
        const [player] = await stage.play();
        await expectWhole(stage, () => stage.attack(allStarts(stage, player), PACE));
        expect(await stage.metric('tagged_sessions_total')).toBe(0);
      },
      options,
    );
  }
});
