import { OURS } from '../macro/entrants.ts';
import { measureMacro } from '../macro/macro.ts';
import { CLAIMED_CLIENTS, QUICK_MACRO } from '../macro/plan.ts';
import type { MacroPlan } from '../macro/plan.ts';
import { C_RELAY } from '../peers/catalogue.ts';
import type { Figure } from './figure.ts';

const PLAN: MacroPlan = {
  ...QUICK_MACRO,
  loads: [{ clients: CLAIMED_CLIENTS, ratePps: 20_000, grainUs: 0, burst: 1, rounds: 5, warmUpMs: 150, measureMs: 300 }],
  peers: [C_RELAY],
};

/** CPU time per round trip of a node, as a multiple of that of the relay in C: the median of a few turns. */
export async function cRelayFigure(progress: (what: string) => void): Promise<Figure> {
  const name = 'cost relative to the C relay';
  if (process.platform !== 'linux') return { name, value: undefined, unavailable: 'relays are compared on Linux only' };
  const { loads, missing } = await measureMacro({ plan: PLAN, allForms: false, peers: true, progress });
  const [gone] = missing;
  if (gone !== undefined) return { name, value: undefined, unavailable: gone.why };
  const value = loads[0].rows.find(({ relay }) => relay === OURS)?.ratios[C_RELAY];
  return value === undefined ? { name, value, unavailable: 'one of them answered nothing' } : { name, value };
}
