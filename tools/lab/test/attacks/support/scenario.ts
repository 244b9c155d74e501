import { describe, expect, it } from 'vitest';
import { whyNoNamespaces } from '../../../src/namespaces/internet.ts';
import { harmOf, openStage } from './stage.ts';
import type { Harm, Stage } from './stage.ts';

const SCENARIO_MS = 90_000;

/** Defines a scenario on a stage of its own. */
type Scenario = (what: string, carryOut: (stage: Stage) => Promise<void>, flags?: readonly string[]) => void;

const why = await whyNoNamespaces();
const notRun = why === undefined ? '' : ` (not run: ${why})`;

/** Describes scenarios in network namespaces: skipped, with the reason, where there can be none. */
export function describeAttacks(kind: string, define: (scenario: Scenario) => void): void {
  describe(`${kind}, by forged datagrams${notRun}`, () => {
    define((what, carryOut, flags) =>
      it.skipIf(why !== undefined)(what, { timeout: SCENARIO_MS }, async () => {
        await using started = new AsyncDisposableStack();
        await carryOut(await openStage(started, flags));
      }));
  });
}

/** An attack costs players nothing: no datagram, no session, no egress port. @param players how many of them play at its end */
export async function expectUnharmed(stage: Stage, attack: () => Promise<unknown>, players = 1): Promise<Harm> {
  const harm = await harmOf(stage, attack);
  console.log(
    harm,
    [...(await stage.metrics())].filter(([k, v]) => v > 0 && /dropped|client_packets|bans|paths|sessions|flows|egress/.test(k)),
    await stage.meter.sources(),
  );
  expect(harm.sent).toBeGreaterThan(0);
  expect(harm).toMatchObject({ lost: 0, lostLater: 0, egressPorts: players, events: [] });
  return harm;
}
