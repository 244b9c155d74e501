import type { Claim } from '../report/page.ts';
import { C_RELAY, COTURN, DIRECT, NGINX, OURS, OURS_FEC, OURS_PORTABLE } from './entrants.ts';
import { CLAIMED_RATES_PPS, LATENCY_RATE_PPS, arrivalOf } from './loads.ts';
import type { Arrival } from './loads.ts';
import type { LoadRounds } from './measure-relays.ts';
import { cpuRatio, relayRows } from './rounds.ts';

interface CostClaim {
  readonly claim: string;
  readonly relay: string;
  readonly against: string;
  readonly most: number;
  readonly unreachable?: Partial<Readonly<Record<Arrival, string>>>;
}

const WAKING = 'most of the cost is the kernel waking a relay for each packet, which all pay alike, and ours checks each packet';
const COST = 'CPU time per round trip, as a multiple';

const COST_CLAIMS: readonly CostClaim[] = [
  { claim: COST, relay: OURS, against: C_RELAY, most: 1.15 },
  { claim: COST, relay: OURS, against: NGINX, most: 0.95, unreachable: { 'one by one': WAKING, 'in ticks of 1 ms': WAKING } },
  { claim: COST, relay: OURS, against: COTURN, most: 0.95 },
  {
    ...{ claim: COST, relay: OURS, against: OURS_PORTABLE, most: 0.55 },
    unreachable: { 'one by one': 'system calls for many datagrams gain little where each comes alone' },
  },
  // It sends 1.25 times the packets, both ways.
  { claim: 'CPU time of version 2, K=4 both ways, as a multiple', relay: OURS_FEC, against: 'version 1', most: 1.5 },
];
const MOST_ADDED_LATENCY = 1.1;
const LATENCIES = { median: 'addedP50Us', p99: 'addedP99Us' } as const;
const REPEAT = '`pnpm bench --only relays`';

/** Holds what is said of LightSpeed beside others against what was measured: all that is about loads which were. */
export function judgeRelays(loads: readonly LoadRounds[]): Claim[] {
  const claimed = loads.filter(({ load }) => CLAIMED_RATES_PPS.some((ratePps) => ratePps === load.ratePps));
  const arrivals = [...new Set(claimed.map(({ load }) => arrivalOf(load)))];
  const rates = CLAIMED_RATES_PPS.map((ratePps) => ratePps.toLocaleString('en')).join(' / ');
  const costs = arrivals.flatMap((arrival) =>
    COST_CLAIMS.map(({ claim, relay, against, most, unreachable }): Claim => {
      const measured = CLAIMED_RATES_PPS.map((ratePps) => {
        const found = claimed.find(({ load }) => load.ratePps === ratePps && arrivalOf(load) === arrival);
        return found === undefined ? NaN : cpuRatio(found.rounds, relay, against === 'version 1' ? OURS : against);
      });
      const why = unreachable?.[arrival];
      const about = { claim, against, load: `${rates} a second, ${arrival}`, bound: most, measured, repeat: REPEAT };
      return why === undefined ? about : { ...about, unreachable: why };
    }),
  );
  const latency = loads.find(({ load }) => load.ratePps === LATENCY_RATE_PPS);
  if (latency === undefined) return costs;
  const rows = relayRows(latency.rounds);
  const latencies = Object.entries(LATENCIES).map(([name, key]): Claim => {
    const [ours, other] = [OURS, NGINX].map((relay) => rows.find((row) => row.relay === relay)?.[key] ?? NaN);
    // An added latency below 0 says that something else got in the way.
    const measured = [ours < 0 || other <= 0 ? NaN : ours / other];
    const about = { claim: `latency added to the echo with ${DIRECT}, ${name}, as a multiple`, against: NGINX, repeat: REPEAT };
    return { ...about, load: `${LATENCY_RATE_PPS.toLocaleString('en')} a second, one by one`, bound: MOST_ADDED_LATENCY, measured };
  });
  return [...costs, ...latencies];
}
