import { DROP_REASON_NAMES } from '@lightspeed/wire';

/** How often each thing was reached, by its name. */
export type Reached = Readonly<Record<string, number>>;

/** What is fuzzed. It throws when something is not as it must be. */
export interface Target {
  /** Makes one input and gives it to what is fuzzed. */
  step(): void;
  /** Gives it an input that is known, from the corpus. */
  replay(bytes: Uint8Array): void;
  /** The last input. */
  readonly input: Uint8Array;
  /** Looks whether everything adds up; it may go on afterwards. Without it, nothing is kept. */
  check?(): void;
  readonly reached: Reached;
}

/** Adds to counts that are kept by name. */
export function addTo(counts: Record<string, number>, name: string, count = 1): void {
  counts[name] = (counts[name] ?? 0) + count;
}

/** For what may come at any time. */
export function ignore(): void {
  // There is nothing to look at.
}

/** Counters that are above 0, and drops, by name. */
export function reachedOf(values: ArrayLike<number>, indexes: Readonly<Record<string, number>>, drops: ArrayLike<number>): Reached {
  const counted = [
    ...Object.entries(indexes).map(([name, at]) => [name, values[at]] as const),
    ...Array.from(drops, (count, reason) => [`drop ${DROP_REASON_NAMES[reason]}`, count] as const),
  ];
  return Object.fromEntries(counted.filter(([, count]) => count > 0));
}
