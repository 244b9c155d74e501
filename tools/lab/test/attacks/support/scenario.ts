import { describe, expect, it } from 'vitest';
import { whyNoNamespaces } from '../../namespaces/internet.ts';
import { openStage, playThrough } from './stage.ts';
import type { Stage, StageOptions } from './stage.ts';

const SCENARIO_MS = 90_000;
const AFTER_MS = 300;

/** Defines a scenario on a stage of its own. */
type Scenario = (what: string, carryOut: (stage: Stage) => Promise<void>, options?: StageOptions) => void;

const why = await whyNoNamespaces();
const notRun = why === undefined ? '' : ` (not run: ${why})`;

/** Describes scenarios in network namespaces: skipped, with the reason, where there can be none. */
export function describeAttacks(kind: string, define: (scenario: Scenario) => void): void {
  describe(`${kind}, by forged datagrams${notRun}`, () => {
    define((what, carryOut, options) =>
      it.skipIf(why !== undefined)(what, { timeout: SCENARIO_MS }, async () => {
        await using started = new AsyncDisposableStack();
        await carryOut(await openStage(started, options));
      }));
  });
}

/** An attack costs players nothing: no datagram, no session, no egress port. @param players how many of them play at its end */
export async function expectUnharmed(stage: Stage, attack: () => Promise<unknown>, players = 1): Promise<void> {
  const during = await playThrough(stage, attack);
  const after = await playThrough(stage, () => stage.settle(AFTER_MS));
  expect(Math.min(during.sent, after.sent)).toBeGreaterThan(0);
  expect([during.lost, after.lost]).toEqual([0, 0]);
  // A busy machine may have a path look silent for a moment. The node ends no session for that.
  expect([...during.events, ...after.events].filter((event) => event.endsWith('ended by the node'))).toEqual([]);
  expect(await stage.scene.sources()).toHaveLength(players);
}
