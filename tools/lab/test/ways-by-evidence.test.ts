import { describe, expect, it } from 'vitest';
import { changingNode } from './ways/changing-node.ts';
import { noBetterNode } from './ways/no-better-node.ts';
import { silentServer } from './ways/silent-server.ts';
import { whyNoWays } from './ways/why-no-ways.ts';

const why = await whyNoWays();
const notRun = why === undefined ? '' : ` (not run: ${why})`;

describe.concurrent(`the client decides by evidence, in network namespaces${notRun}`, () => {
  it.skipIf(why !== undefined).each([changingNode, silentServer, noBetterNode])(
    '$name: $about',
    { timeout: 300_000 },
    async ({ start }) => {
      const told: string[] = [];
      const { faults } = await start((line) => told.push(line));
      expect(faults, told.join('\n')).toEqual([]);
    },
  );
});
