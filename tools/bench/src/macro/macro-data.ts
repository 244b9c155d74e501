import type { LoadPlan } from './plan.ts';
import type { WorkerScaling } from './worker-scaling.ts';

/** What the macro benchmark has found: plain data, as `--json` prints it. */
export interface MacroData {
  /** Which core does what. */
  readonly layout: string;
  readonly payloadBytes: number;
  readonly relays: readonly { readonly name: string; readonly about: string; readonly version: string; readonly command: string }[];
  readonly missing: readonly { readonly name: string; readonly why: string }[];
  /** What control connections cost our node, by the number of clients; part of the costs below. */
  readonly control: readonly ControlCost[];
  readonly loads: readonly LoadData[];
  /** Highest rate with loss within bounds, by relay; empty if it was not looked for. */
  readonly highest: readonly HighestRate[];
  /** What more workers carry; undefined if that was not looked for. */
  readonly workers: WorkerScaling | undefined;
  readonly claims: readonly Claim[];
}

/** What open control connections cost, on which nothing is said but Pings. */
export interface ControlCost {
  readonly clients: number;
  /** CPU time per second for all of them: that of the process with them, less that of the same process without them. */
  readonly usPerSecond: number;
}

/** One load, and what each relay did with it. */
export interface LoadData {
  readonly plan: LoadPlan;
  readonly rows: readonly RelayRow[];
}

/** Medians over the rounds. */
export interface RelayRow {
  readonly relay: string;
  readonly loss: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  /** Beyond what the echo without a relay took in the same round. */
  readonly addedP50Us: number;
  readonly addedP99Us: number;
  readonly cpuUsPerRoundTrip: number;
  readonly residentBytes: number;
  /** CPU time per round trip, as a multiple of that of others in the same round; by their names. */
  readonly ratios: Readonly<Record<string, number>>;
  /** By how much packets left the load generator late, and what it lost itself: the sum over all rounds. */
  readonly lateP99Us: number;
  readonly ownDrops: number;
  /** Packets without any answer, be it late: the sum over all rounds, as what follows. */
  readonly unanswered: number;
  readonly duplicates: number;
  readonly misdelivered: number;
}

export interface HighestRate {
  readonly relay: string;
  readonly ratePps: number;
}

/** Something that is said of LightSpeed, and whether it holds here. */
export interface Claim {
  readonly what: string;
  /** NaN (null in JSON) if what is needed for it was not measured. */
  readonly measured: number;
  readonly bound: number;
  readonly kind: 'at most' | 'at least';
  readonly holds: boolean | undefined;
}
