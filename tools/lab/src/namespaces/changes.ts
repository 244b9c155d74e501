import { setTimeout } from 'node:timers/promises';
import type { Expectations } from '../soak/outcome.ts';
import type { Agent } from './agent.ts';
import type { PlayerReport } from './agent-messages.ts';
import { strange, totals } from './figures.ts';

const BEFORE_MS = 2_000;
const DURING_MS = 3_000;
const AFTER_MS = 2_000;

/** The reports around a change, and of the time when all is well. */
export type WatchedChange = readonly [during: readonly PlayerReport[], after: readonly PlayerReport[]];

/** Plays, has something change, and plays on. */
export async function watchChange(agent: Agent, change: () => Promise<unknown>, duringMs = DURING_MS): Promise<WatchedChange> {
  await setTimeout(BEFORE_MS);
  await agent.mark();
  await change();
  await setTimeout(duringMs);
  const during = await agent.mark();
  await setTimeout(AFTER_MS);
  return [during, await agent.finish()];
}

/** A change that one player saw cost so much at most, and nothing later. @returns figures, each of which begins with `label` */
export function judgeChange(
  expectations: Expectations,
  [during, after]: WatchedChange,
  { label = '', maxLost = Infinity, maxGapMs }: { readonly label?: string; readonly maxLost?: number; readonly maxGapMs: number },
): Readonly<Record<string, string | number>> {
  const { sent, lost, longestGapMs } = totals(during);
  expectations.that(sent > 0 && after[0].game.sent > 0, `${label}the client does not play any more`);
  expectations.that(lost <= maxLost, `${label}${lost} datagrams were lost`);
  expectations.that(longestGapMs < maxGapMs, `${label}the game saw a gap of ${Math.round(longestGapMs)} ms`);
  expectations.equal(`${label}datagrams lost later`, totals(after).lost, 0);
  expectations.equal(`${label}answers that were strange`, strange([...during, ...after]), 0);
  return { [`${label}lost`]: `${lost} of ${sent}`, [`${label}longest gap ms`]: Math.round(longestGapMs) };
}
