import type { WindowLoad } from './window.ts';

/** One load, and how often each relay has its turn at it. */
export interface LoadPlan extends WindowLoad {
  readonly rounds: number;
}

/** Of all loads: every relay has exactly as many clients. */
export const CLIENTS = 100;
/** The loads that claims about cost are about, and the one that claims about latency are about. */
export const CLAIMED_RATES_PPS = [20_000, 60_000] as const;
/** The rate at which latencies are compared: low enough for every relay. */
export const LATENCY_RATE_PPS = 5_000;

/** Ways in which packets arrive. */
export const ARRIVALS = {
  /** Each by itself, as from players who know nothing of each other. */
  'one by one': { grainUs: 0, burst: 1 },
  /** Those of many clients together, as behind a game server's tick or a network card that collects. */
  'in ticks of 1 ms': { grainUs: 1_000, burst: 1 },
  /** Several of one client together, as a game sends them whose snapshot does not fit into one. */
  'in bursts of 8': { grainUs: 0, burst: 8 },
} as const;
/** The name of a way in which packets arrive. */
export type Arrival = keyof typeof ARRIVALS;

/** Before the first load: V8 compiles a path while it runs, and all relays get the same time. Some are slow until then. */
export const WARM_UP: WindowLoad = {
  ...{ clients: CLIENTS, ratePps: 20_000, grainUs: 0, burst: 1, warmUpMs: 1_500, measureMs: 500 },
  timeoutMs: 2_000,
};

function loadsOf(arrival: Arrival, windows: Pick<LoadPlan, 'rounds' | 'warmUpMs' | 'measureMs'>): LoadPlan[] {
  return CLAIMED_RATES_PPS.map((ratePps) => ({ clients: CLIENTS, ratePps, ...ARRIVALS[arrival], ...windows }));
}

/** The loads of a full run. */
export const FULL_LOADS: readonly LoadPlan[] = [
  // Tails of latencies differ by a factor of two from window to window.
  { clients: CLIENTS, ratePps: LATENCY_RATE_PPS, ...ARRIVALS['one by one'], rounds: 31, warmUpMs: 150, measureMs: 400 },
  ...loadsOf('one by one', { rounds: 7, warmUpMs: 250, measureMs: 800 }),
  ...loadsOf('in ticks of 1 ms', { rounds: 9, warmUpMs: 200, measureMs: 600 }),
  ...loadsOf('in bursts of 8', { rounds: 3, warmUpMs: 200, measureMs: 600 }),
];

/** The loads of `--quick`. */
export const QUICK_LOADS: readonly LoadPlan[] = loadsOf('one by one', { rounds: 3, warmUpMs: 100, measureMs: 200 });

/** In which way the packets of a load arrive. */
export function arrivalOf({ grainUs, burst }: Pick<WindowLoad, 'grainUs' | 'burst'>): Arrival {
  return burst > 1 ? 'in bursts of 8' : grainUs > 0 ? 'in ticks of 1 ms' : 'one by one';
}
