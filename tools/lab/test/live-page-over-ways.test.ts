import { describe, expect, it } from 'vitest';
import { whyNoBrowser } from './ways/browser.ts';
import { livePage } from './ways/live-page.ts';
import { whyNoWays } from './ways/why-no-ways.ts';

const why = (await whyNoWays()) ?? whyNoBrowser();

describe.skipIf(why !== undefined)(`the live page, over network namespaces${why === undefined ? '' : ` (not run: ${why})`}`, () => {
  it(livePage.about, { timeout: 360_000 }, async () => {
    const told: string[] = [];
    const { faults } = await livePage.start((line) => told.push(line));
    expect(faults, told.join('\n')).toEqual([]);
  });
});
