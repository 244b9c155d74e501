import { C_RELAY, COTURN, NGINX } from '../peers/catalogue.ts';
import { OURS, OURS_FEC, OURS_PORTABLE } from './entrants.ts';
import { whole } from '../report/numbers.ts';
import type { Claim, MacroData, RelayRow } from './macro-data.ts';
import { BURST, CLAIMED_CLIENTS, CLAIMED_RATES_PPS, TICK_US, arrivalOf } from './plan.ts';
import type { LoadPlan } from './plan.ts';
import type { WorkerScaling } from './worker-scaling.ts';

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

/** Ways in which packets arrive: each by itself, many clients' together, several of one client together. */
const ARRIVALS: readonly Arrival[] = [
  { grainUs: 0, burst: 1 },
  { grainUs: TICK_US, burst: 1 },
  { grainUs: 0, burst: BURST },
];
/** Two workers have twice as much processor, and share sessions, claims and the port. */
const LEAST_SCALING = 1.5;

type Arrival = Pick<LoadPlan, 'grainUs' | 'burst'>;

/** What is said of LightSpeed beside others, held against what was measured: all that is about loads which were. */
export function judgeClaims({ loads, highest, workers }: Pick<MacroData, 'loads' | 'highest' | 'workers'>): Claim[] {
  const [alone] = ARRIVALS;
  const loadAt = (ratePps: number, { grainUs, burst }: Arrival) => {
    return loads.find(({ plan }) => {
      return plan.clients === CLAIMED_CLIENTS && plan.ratePps === ratePps && plan.grainUs === grainUs && plan.burst === burst;
    });
  };
  const row = (relay: string, ratePps: number, arrival: Arrival): RelayRow | undefined => {
    return loadAt(ratePps, arrival)?.rows.find((candidate) => candidate.relay === relay);
  };
  const at = (ratePps: number, arrival = alone) => `${CLAIMED_CLIENTS} clients, ${whole(ratePps)}/s${arrivalOf(arrival)}`;
  const cpuAt = (ratePps: number, arrival: Arrival) => [
    ...MOST_CPU.map(([relay, bound]) => {
      const what = `CPU per round trip, as a multiple of that of ${relay}, ${at(ratePps, arrival)}`;
      return judge(what, row(OURS, ratePps, arrival)?.ratios[relay], 'at most', bound);
    }),
    judge(
      `CPU per round trip of version 2, K=4 both ways, as a multiple of that of version 1, ${at(ratePps, arrival)}`,
      row(OURS_FEC, ratePps, arrival)?.ratios[OURS],
      'at most',
      MOST_FEC_CPU,
    ),
  ];
  const rate = (relay: string) => highest.find((candidate) => candidate.relay === relay)?.ratePps;
  const added = (which: 'addedP50Us' | 'addedP99Us') => {
    return quotient(row(OURS, LATENCY_RATE_PPS, alone)?.[which], row(NGINX, LATENCY_RATE_PPS, alone)?.[which]);
  };
  const claims = ARRIVALS.flatMap((arrival) => {
    return CLAIMED_RATES_PPS.flatMap((ratePps) => (loadAt(ratePps, arrival) === undefined ? [] : cpuAt(ratePps, arrival)));
  });
  if (highest.length > 0) {
    claims.push(judge('highest rate of one worker, as a multiple of that of nginx', quotient(rate(OURS), rate(NGINX)), 'at least', 1));
  }
  if (workers !== undefined) {
    const what = 'highest rate of two workers, as a multiple of that of one, a quarter of a core each';
    claims.push(judge(what, scalingOf(workers), 'at least', LEAST_SCALING));
  }
  if (loadAt(LATENCY_RATE_PPS, alone) === undefined) return claims;
  return [
    ...claims,
    judge(
      `added latency, median, as a multiple of that of nginx, ${at(LATENCY_RATE_PPS)}`,
      added('addedP50Us'),
      'at most',
      MOST_ADDED_LATENCY,
    ),
    judge(
      `added latency, p99, as a multiple of that of nginx, ${at(LATENCY_RATE_PPS)}`,
      added('addedP99Us'),
      'at most',
      MOST_ADDED_LATENCY,
    ),
  ];
}

function scalingOf(workers: WorkerScaling): number | undefined {
  if ('why' in workers) return undefined;
  const rateOf = (count: number) => workers.rates.find((candidate) => candidate.workers === count)?.ratePps;
  return quotient(rateOf(2), rateOf(1));
}

function judge(what: string, measured: number | undefined, kind: Claim['kind'], bound: number): Claim {
  if (measured === undefined || Number.isNaN(measured)) return { what, measured: NaN, bound, kind, holds: undefined };
  return { what, measured, bound, kind, holds: kind === 'at most' ? measured <= bound : measured >= bound };
}

/** @returns undefined where there is nothing to divide by: an added latency below 0 says that something else got in the way. */
function quotient(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined || a < 0 || b <= 0 ? undefined : a / b;
}
