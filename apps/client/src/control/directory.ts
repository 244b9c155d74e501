import type { ParsedNodeSettings } from '../settings/register-settings.ts';

/**
 * Where a fleet gets its nodes from. There may be many *candidates*: nodes that somebody has named, and of which nothing is
 * known yet. A fleet registers with few of them and measures those.
 */
export interface NodeDirectory {
  /** The next candidate that the fleet does not have; undefined if there is none now. */
  next(): ParsedNodeSettings | undefined;
  /** The fleet has given a node up: it is a candidate again, after all others. */
  giveBack(node: ParsedNodeSettings): void;
}

/** The candidates that were named in the settings, in their order. */
export class StaticDirectory implements NodeDirectory {
  readonly #candidates: ParsedNodeSettings[];

  constructor(candidates: readonly ParsedNodeSettings[]) {
    this.#candidates = [...candidates];
  }

  next(): ParsedNodeSettings | undefined {
    return this.#candidates.shift();
  }

  giveBack(node: ParsedNodeSettings): void {
    this.#candidates.push(node);
  }
}
