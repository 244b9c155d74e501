import { C_RELAY, COTURN, NGINX } from '../peers/catalogue.ts';
import { DIRECT, OURS, OURS_PORTABLE } from './entrants.ts';
import type { RelayRow } from './macro-data.ts';
import type { RelayRounds } from './rounds.ts';
import { median, medianDifference, medianRatio } from './statistics.ts';
import type { WindowMeasurement } from './window.ts';

/** Relays whose CPU time others are compared with. */
export const REFERENCES = [C_RELAY, NGINX, COTURN, OURS_PORTABLE, OURS] as const;

/** Sums the rounds of one load up, a row for each relay. */
export function relayRows(all: readonly RelayRounds[]): RelayRow[] {
  const valuesOf = (name: string, value: (window: WindowMeasurement) => number) => {
    return all.find(({ relay }) => relay === name)?.windows.map(value);
  };
  const directP50 = valuesOf(DIRECT, ({ p50Us }) => p50Us);
  const directP99 = valuesOf(DIRECT, ({ p99Us }) => p99Us);
  return all.map(({ relay, windows }) => {
    const of = (value: (window: WindowMeasurement) => number) => windows.map(value);
    const sum = (value: (window: WindowMeasurement) => number) => of(value).reduce((total, each) => total + each, 0);
    const cpu = of(cpuOf);
    const added = (values: number[], direct: number[] | undefined) => (direct === undefined ? NaN : medianDifference(values, direct));
    return {
      relay,
      loss: median(of(({ loss }) => loss)),
      p50Us: median(of(({ p50Us }) => p50Us)),
      p90Us: median(of(({ p90Us }) => p90Us)),
      p99Us: median(of(({ p99Us }) => p99Us)),
      p999Us: median(of(({ p999Us }) => p999Us)),
      addedP50Us: added(
        of(({ p50Us }) => p50Us),
        directP50,
      ),
      addedP99Us: added(
        of(({ p99Us }) => p99Us),
        directP99,
      ),
      cpuUsPerRoundTrip: median(cpu),
      residentBytes: Math.max(...of(({ residentBytes }) => residentBytes)),
      ratios: relay === DIRECT ? {} : ratiosOf(cpu, relay, valuesOf),
      lateP99Us: median(of(({ lateP99Us }) => lateP99Us)),
      ownDrops: sum(({ ownDrops }) => ownDrops),
      unanswered: sum(({ sent, answered, late }) => sent - answered - late),
      duplicates: sum(({ duplicates }) => duplicates),
      misdelivered: sum(({ misdelivered }) => misdelivered),
    };
  });
}

function cpuOf({ cpuUsPerRoundTrip }: WindowMeasurement): number {
  return cpuUsPerRoundTrip;
}

function ratiosOf(
  cpu: readonly number[],
  relay: string,
  valuesOf: (name: string, value: (window: WindowMeasurement) => number) => number[] | undefined,
): Record<string, number> {
  const ratios: Record<string, number> = {};
  for (const name of REFERENCES) {
    const reference = valuesOf(name, cpuOf);
    if (reference !== undefined && name !== relay) ratios[name] = medianRatio(cpu, reference);
  }
  return ratios;
}
