import type { LoadProcess } from '@lightspeed/lab';
import type { Relay } from './relay.ts';
import { combined, measureWindow } from './window.ts';
import type { WindowLoad, WindowMeasurement } from './window.ts';

/** What a relay did in each round, in order. */
export interface RelayRounds {
  readonly relay: string;
  readonly windows: readonly WindowMeasurement[];
}

/** What a relay did with one load: medians over the rounds, and sums of what is counted. */
export interface RelayRow extends WindowMeasurement {
  readonly relay: string;
  /** Beyond what the echo without a relay, the first one, took in the same round. */
  readonly addedP50Us: number;
  readonly addedP99Us: number;
}

/**
 * Has relays take turns at the same load, A B C, C B A. What the machine does meanwhile, slower here and faster there,
 * comes to all of them. Nobody always comes after the same one. The ratios of one round hold though its figures may not.
 */
export async function measureRounds(
  load: LoadProcess,
  relays: readonly Relay[],
  plan: WindowLoad,
  rounds: number,
  progress: (text: string) => void,
): Promise<RelayRounds[]> {
  const windows = relays.map((): WindowMeasurement[] => []);
  for (let round = 0; round < rounds; round++) {
    const turns = [...relays.entries()];
    for (const [index, relay] of round % 2 === 0 ? turns : turns.toReversed()) {
      progress(`${plan.ratePps.toLocaleString('en')}/s, round ${round + 1} of ${rounds}: ${relay.name}`);
      windows[index].push(await measureWindow(load, relay, plan));
    }
  }
  return relays.map(({ name }, index) => ({ relay: name, windows: windows[index] }));
}

/** Sums the rounds of one load up, a row for each relay; the first is the echo without a relay. */
export function relayRows(all: readonly RelayRounds[]): RelayRow[] {
  const [direct] = all;
  return all.map(({ relay, windows }) => {
    const added = (key: 'p50Us' | 'p99Us') => median(windows.map((window, round) => window[key] - direct.windows[round][key]));
    return { relay, ...combined(windows, median), addedP50Us: added('p50Us'), addedP99Us: added('p99Us') };
  });
}

/**
 * CPU time per round trip of a relay as a multiple of another's: the median of the ratios of single rounds. It is NaN if
 * either is missing.
 */
export function cpuRatio(all: readonly RelayRounds[], relay: string, against: string): number {
  const cpuOf = (name: string) => all.find((candidate) => candidate.relay === name)?.windows.map((window) => window.cpuUsPerRoundTrip);
  const [own, other] = [cpuOf(relay), cpuOf(against)];
  return own === undefined || other === undefined ? NaN : median(own.map((value, round) => value / other[round]));
}

/** @returns the middle of the values, the mean of the two middle ones if their number is even; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
