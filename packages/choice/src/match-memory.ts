import { MIN_PAIRS, marginMs } from './rule.ts';
import { inOrder, medianOf } from './order.ts';

/** So long a match speaks for later ones. */
export const MATCH_MEMORY_MS = 7 * 86_400_000;
/** Of the same sign: the one that begins is the third, see {@link MatchMemory.speakFor}. */
const MIN_MATCHES = 3;
/** With more the oldest is forgotten. Each node of a match counts. */
export const MAX_REMEMBERED = 1_024;

/** What the shadow probes of a match said of one node, also if the match went another way. */
export interface RememberedMatch {
  /** In small letters; empty if it is not known. */
  readonly game: string;
  /** The server's prefix of one provider, see `ChooserOptions.providers`. */
  readonly provider: string;
  readonly node: string;
  readonly endMs: number;
  /** Answered by both ways. */
  readonly pairs: number;
  readonly directMs: number;
  readonly gainMs: number;
  readonly lowMs: number;
  readonly highMs: number;
  readonly p90GainMs: number;
}

/** What earlier matches say of a node. */
export interface MatchesSay {
  readonly node: string;
  readonly says: 'faster' | 'slower';
  readonly gainMs: number;
  readonly matches: number;
  readonly newestMs: number;
}

/** The player's own matches of the last seven days (docs/choosing.md, Own matches). */
export class MatchMemory {
  #matches: RememberedMatch[] = [];

  /** Keeps a match, unless it has too few pairs to have a sign. */
  add(match: RememberedMatch): void {
    if (match.pairs < MIN_PAIRS) return;
    this.#matches.push(match);
    if (this.#matches.length > MAX_REMEMBERED) this.#matches.splice(this.#matches.indexOf(this.#oldest()), 1);
  }

  /**
   * What matches of this game at this provider say of a node. The match that is about to begin is the last of {@link MIN_MATCHES}:
   * its own probes have to agree. So two proved ones are enough, if all that are remembered have the same sign.
   * @returns undefined if they are too few, disagree, or gain less than the rule asks for.
   */
  speakFor(node: string, game: string, provider: string, nowMs: number): MatchesSay | undefined {
    this.#matches = this.#matches.filter(({ endMs }) => endMs > nowMs - MATCH_MEMORY_MS);
    const matches = this.#matches.filter((match) => match.node === node && match.game === game && match.provider === provider);
    if (matches.length < MIN_MATCHES - 1) return undefined;
    const median = (of: (match: RememberedMatch) => number) => medianOf(inOrder(matches.map(of)));
    const gainMs = median((match) => match.gainMs);
    const margin = marginMs(median(({ directMs }) => directMs));
    const found = { node, gainMs, matches: matches.length, newestMs: Math.max(...matches.map(({ endMs }) => endMs)) };
    if (matches.every(({ lowMs }) => lowMs > 0) && gainMs >= margin && median(({ p90GainMs }) => p90GainMs) >= 0)
      return { ...found, says: 'faster' };
    if (matches.every(({ highMs }) => highMs < 0) && gainMs <= -margin) return { ...found, says: 'slower' };
    return undefined;
  }

  /** All that are remembered. */
  list(nowMs: number): RememberedMatch[] {
    return this.#matches.filter(({ endMs }) => endMs > nowMs - MATCH_MEMORY_MS);
  }

  #oldest(): RememberedMatch {
    return this.#matches.reduce((a, b) => (b.endMs < a.endMs ? b : a));
  }
}
