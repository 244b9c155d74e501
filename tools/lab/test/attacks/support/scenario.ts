import { describe, expect, it } from 'vitest';
import { totals } from '../../../src/game/player.ts';
import { whyNoNamespaces } from '../../namespaces/internet.ts';
import { openStage, playThrough } from './stage.ts';
import type { Stage, StageOptions } from './stage.ts';

const SCENARIO_MS = 90_000;
const AFTER_MS = 300;
/** So long after the last forged datagram all is well again. */
const WHOLE_MS = 1_000;

/** Defines a scenario on a stage of its own. */
type Scenario = (what: string, carryOut: (stage: Stage) => Promise<void>, options?: StageOptions) => void;

const why = await whyNoNamespaces();
const notRun = why === undefined ? '' : ` (not run: ${why})`;

/** Describes scenarios in network namespaces: skipped, with the reason, where there can be none. */
export function describeAttacks(kind: string, define: (scenario: Scenario) => void): void {
  describe(`${kind} under attack${notRun}`, () => {
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

/** An attack may cost players datagrams, but no session and no egress port. A second after its end all is well again. */
export async function expectWhole(stage: Stage, attack: () => Promise<unknown>, players = 1): Promise<void> {
  await stage.players.mark();
  await attack();
  await stage.settle(WHOLE_MS);
  const during = await stage.players.mark();
  await stage.settle(WHOLE_MS);
  const after = await stage.players.mark();
  const { sent, lost } = totals(after);
  expect(sent).toBeGreaterThan(0);
  expect(lost).toBe(0);
  const events = [...during, ...after].flatMap((report) => report.events);
  expect(events.filter((event) => event.endsWith('ended by the node'))).toEqual([]);
  expect(await stage.metric('sessions_ended_total{how="closed"}')).toBe(0);
  expect(await stage.metric('sessions_opened_total')).toBe(players);
  expect(await stage.scene.sources()).toHaveLength(players);
}
