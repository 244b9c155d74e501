import { C_RELAY, COTURN, NGINX } from '../peers/catalogue.ts';
import { OURS, OURS_FEC, OURS_PORTABLE } from './entrants.ts';
import type { Claim, HighestRate, LoadData, RelayRow } from './macro-data.ts';
import { CLAIMED_CLIENTS, CLAIMED_RATES_PPS, TICK_US } from './plan.ts';

/** CPU time per round trip, as a multiple of that of others: at most. */
const MOST_CPU: readonly (readonly [relay: string, bound: number])[] = [
  [C_RELAY, 1.15],
  [NGINX, 0.95],
  [COTURN, 0.95],
  [OURS_PORTABLE, 0.55],
];
/** Version 2 with K=4 sends 1.25 times the packets of version 1, both ways. */
const MOST_FEC_CPU = 1.5;
const LATENCY_RATE_PPS = 5_000;
const MOST_ADDED_LATENCY = 1.1;

/** What is said of LightSpeed beside others, held against what was measured: all that is about loads which were. */
export function judgeClaims(loads: readonly LoadData[], highest: readonly HighestRate[]): Claim[] {
  const loadAt = (ratePps: number, grainUs: number) => {
    return loads.find(({ plan }) => plan.clients === CLAIMED_CLIENTS && plan.ratePps === ratePps && plan.grainUs === grainUs);
  };
  const row = (relay: string, ratePps: number, grainUs: number): RelayRow | undefined => {
    return loadAt(ratePps, grainUs)?.rows.find((candidate) => candidate.relay === relay);
  };
  const at = (ratePps: number, grainUs = 0) => {
    return `${CLAIMED_CLIENTS} clients, ${ratePps.toLocaleString('en')}/s${grainUs === 0 ? '' : ` in ticks of ${grainUs / 1_000} ms`}`;
  };
  const cpuAt = (ratePps: number, grainUs: number) => [
    ...MOST_CPU.map(([relay, bound]) => {
      const what = `CPU per round trip, as a multiple of that of ${relay}, ${at(ratePps, grainUs)}`;
      return judge(what, row(OURS, ratePps, grainUs)?.ratios[relay], 'at most', bound);
    }),
    judge(
      `CPU per round trip of version 2, K=4 both ways, as a multiple of that of version 1, ${at(ratePps, grainUs)}`,
      row(OURS_FEC, ratePps, grainUs)?.ratios[OURS],
      'at most',
      MOST_FEC_CPU,
    ),
  ];
  const rate = (relay: string) => highest.find((candidate) => candidate.relay === relay)?.ratePps;
  const added = (which: 'addedP50Us' | 'addedP99Us') => {
    return quotient(row(OURS, LATENCY_RATE_PPS, 0)?.[which], row(NGINX, LATENCY_RATE_PPS, 0)?.[which]);
  };
  const claims = [0, TICK_US].flatMap((grainUs) => {
    return CLAIMED_RATES_PPS.flatMap((ratePps) => (loadAt(ratePps, grainUs) === undefined ? [] : cpuAt(ratePps, grainUs)));
  });
  if (highest.length > 0) {
    claims.push(judge('highest rate of one worker, as a multiple of that of nginx', quotient(rate(OURS), rate(NGINX)), 'at least', 1));
  }
  if (loadAt(LATENCY_RATE_PPS, 0) === undefined) return claims;
  return [
    ...claims,
    judge(`added latency, median, as a multiple of that of nginx, ${at(LATENCY_RATE_PPS)}`, added('addedP50Us'), 'at most', MOST_ADDED_LATENCY),
    judge(`added latency, p99, as a multiple of that of nginx, ${at(LATENCY_RATE_PPS)}`, added('addedP99Us'), 'at most', MOST_ADDED_LATENCY),
  ];
}

function judge(what: string, measured: number | undefined, kind: Claim['kind'], bound: number): Claim {
  if (measured === undefined || Number.isNaN(measured)) return { what, measured: NaN, bound, kind, holds: undefined };
  return { what, measured, bound, kind, holds: kind === 'at most' ? measured <= bound : measured >= bound };
}

/** @returns undefined where there is nothing to divide by: an added latency below 0 says that something else got in the way. */
function quotient(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined || a < 0 || b <= 0 ? undefined : a / b;
}
