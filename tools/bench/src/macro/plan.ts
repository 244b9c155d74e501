import { C_RELAY, COTURN, NGINX, PEERS } from '../peers/catalogue.ts';
import type { ControlCostPlan } from './control-cost.ts';
import type { RateSearchPlan } from './rate-search.ts';
import type { WindowLoad } from './window.ts';
import type { WorkerScalingPlan } from './worker-scaling.ts';

/** One load of the macro benchmark and how often it is measured. */
export interface LoadPlan {
  readonly clients: number;
  /** Packets per second over all clients. */
  readonly ratePps: number;
  /** What is due within so many microseconds comes at once; 0 for every packet when it is due. */
  readonly grainUs: number;
  /** Packets that a client sends at a time. */
  readonly burst: number;
  /** How often each relay has its turn. */
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Of silence, before missing answers are given up; short when left out. */
  readonly timeoutMs?: number;
}

/** What the macro benchmark does. */
export interface MacroPlan {
  readonly loads: readonly LoadPlan[];
  /** Names of the peers that take part, if they are installed. */
  readonly peers: readonly string[];
  /** How long the control connections of a node's clients are measured. A Ping of each is met once in twenty seconds. */
  readonly control: ControlCostPlan;
  /** Before the first load of a number of clients: V8 compiles a path while it runs, and all relays get the same time. */
  readonly warmUp: Omit<WindowLoad, 'clients'>;
  /** The search of the highest rate, if there is one. */
  readonly search: SearchPlan | undefined;
  /** The comparison of nodes with more and fewer workers, if there is one. */
  readonly scaling: WorkerScalingPlan | undefined;
}

export interface SearchPlan extends RateSearchPlan {
  readonly clients: number;
  readonly grainUs: number;
  readonly burst: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What is measured with one number of clients: relays are started for it, have exactly so many, and are stopped after it. */
export interface ClientGroup {
  readonly clients: number;
  readonly loads: readonly LoadPlan[];
  /** The search, if it is with so many. */
  readonly search: SearchPlan | undefined;
}

/** The loads that the claims are about. */
export const CLAIMED_CLIENTS = 100;
export const CLAIMED_RATES_PPS: readonly number[] = [20_000, 60_000];
/** Packets that come together, as behind the tick of a game server or a network card that collects them. */
export const TICK_US = 1_000;
/** Packets that one client sends at a time, as a game does whose snapshot does not fit into one, or a path between two nodes. */
export const BURST = 8;
const WARM_UP = { ratePps: 20_000, grainUs: 0, burst: 1, warmUpMs: 1_500, measureMs: 500 };
const RATES_PPS = [5_000, 20_000, 60_000];

const SEARCH = {
  ...{ clients: CLAIMED_CLIENTS, firstPps: 60_000, lowestPps: 5_000, highestPps: 240_000, steps: 8 },
  ...{ grainUs: 0, burst: 1, warmUpMs: 200, measureMs: 700 },
};

export const FULL_MACRO: MacroPlan = {
  loads: [
    ...RATES_PPS.map((ratePps) => {
      // What is claimed of 5,000 are latencies, whose tails differ by a factor of two from window to window.
      const windows =
        ratePps < CLAIMED_RATES_PPS[0] ? { rounds: 31, warmUpMs: 150, measureMs: 400 } : { rounds: 7, warmUpMs: 250, measureMs: 800 };
      return { clients: CLAIMED_CLIENTS, ratePps, grainUs: 0, burst: 1, ...windows };
    }),
    ...[
      { grainUs: TICK_US, burst: 1, rounds: 9 },
      { grainUs: 0, burst: BURST, rounds: 3 },
    ].flatMap((arrival) => {
      return CLAIMED_RATES_PPS.map((ratePps) => ({ clients: CLAIMED_CLIENTS, ratePps, ...arrival, warmUpMs: 200, measureMs: 600 }));
    }),
    ...[1, 1_000].flatMap((clients) => {
      return RATES_PPS.map((ratePps) => ({ clients, ratePps, grainUs: 0, burst: 1, rounds: 2, warmUpMs: 200, measureMs: 600 }));
    }),
  ],
  peers: PEERS.map(({ name }) => name),
  control: { settleMs: 12_000, measureMs: 20_000 },
  warmUp: WARM_UP,
  search: SEARCH,
  scaling: { share: 0.25, workers: [1, 2], warmUp: WARM_UP, search: { ...SEARCH, firstPps: 20_000 } },
};

export const QUICK_MACRO: MacroPlan = {
  loads: CLAIMED_RATES_PPS.map((ratePps) => ({
    clients: CLAIMED_CLIENTS,
    ratePps,
    grainUs: 0,
    burst: 1,
    rounds: 3,
    warmUpMs: 100,
    measureMs: 200,
  })),
  peers: [C_RELAY, NGINX, COTURN],
  control: { settleMs: 1_000, measureMs: 2_000 },
  warmUp: { ...WARM_UP, warmUpMs: 200, measureMs: 100 },
  search: undefined,
  scaling: undefined,
};

/** @returns the groups of a plan, in the order in which its loads name them; that of the search last if no load has so many. */
export function groupsOf({ loads, search }: Pick<MacroPlan, 'loads' | 'search'>): ClientGroup[] {
  const numbers = new Set([...loads.map(({ clients }) => clients), ...(search === undefined ? [] : [search.clients])]);
  return [...numbers].map((clients) => ({
    clients,
    loads: loads.filter((load) => load.clients === clients),
    search: search?.clients === clients ? search : undefined,
  }));
}

/** How the packets of a load arrive, for the end of a title; '' if each client sends at its own pace. */
export function arrivalOf({ grainUs, burst }: Pick<LoadPlan, 'grainUs' | 'burst'>): string {
  if (burst > 1) return `, in bursts of ${burst}`;
  return grainUs === 0 ? '' : `, in ticks of ${grainUs / 1_000} ms`;
}
