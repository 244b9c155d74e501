import { formatPrefixWords } from '@lightspeed/wire';
import type { Ban } from '../data-plane/messages.ts';

/** As many as a worker's own table holds. */
const MAX_BANS = 16_384;

type Prefix = Pick<Ban, 'prefixHigh' | 'prefixLow'>;

interface HeldBan {
  readonly prefix: Prefix;
  readonly endsAtMs: number;
}

/** The bans of all workers, for those that start later. */
export class BanList {
  /** By prefix, in the order in which they were made. */
  readonly #bans = new Map<string, HeldBan>();

  add({ prefixHigh, prefixLow, durationMs }: Ban, nowMs: number): void {
    const prefix = { prefixHigh, prefixLow };
    const key = formatPrefixWords(prefixHigh, prefixLow);
    this.#bans.delete(key);
    this.#bans.set(key, { prefix, endsAtMs: nowMs + durationMs });
    if (this.#bans.size <= MAX_BANS) return;
    const [oldest] = this.#bans.keys();
    this.#bans.delete(oldest);
  }

  /** What is left of every ban that has not ended. */
  remaining(nowMs: number): Ban[] {
    const bans: Ban[] = [];
    for (const [key, { prefix, endsAtMs }] of this.#bans) {
      if (endsAtMs <= nowMs) this.#bans.delete(key);
      else bans.push({ ...prefix, durationMs: Math.ceil(endsAtMs - nowMs) });
    }
    return bans;
  }
}
