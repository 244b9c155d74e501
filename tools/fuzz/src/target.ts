import { DROP_REASON_NAMES } from '@lightspeed/wire';

/** What is fuzzed. It throws when something is not as it must be. */
export interface Target {
  /** Makes one input and gives it to what is fuzzed. */
  step(): void;
  /** Gives it an input that is known, from the corpus. */
  replay(bytes: Uint8Array): void;
  /** The last input. */
  readonly input: Uint8Array;
  /** Looks whether everything adds up; it may go on afterwards. */
  check(): void;
  /** What was reached so far, by name: how often. */
  reached(): Readonly<Record<string, number>>;
}

/** Something that must never be, with the input that has led to it. */
class FuzzFault extends Error {
  override readonly name = 'FuzzFault';
}

/** @throws {Error} unless the condition holds. */
export function must(condition: boolean, what: string): void {
  if (!condition) throw new FuzzFault(what);
}

/** Counters that are above 0, and drops, by name. */
export function reachedOf(
  values: ArrayLike<number>,
  indexes: Readonly<Record<string, number>>,
  drops: ArrayLike<number>,
): Readonly<Record<string, number>> {
  const counted = [
    ...Object.entries(indexes).map(([name, at]) => [name, values[at]] as const),
    ...Array.from(drops, (count, reason) => [`drop ${DROP_REASON_NAMES[reason]}`, count] as const),
  ];
  return Object.fromEntries(counted.filter(([, count]) => count > 0));
}
