import type { Ban } from '../data-plane/messages.ts';

/** As many as a worker's own table holds. */
const MOST_BANS = 16_384;

/** The bans of all workers, for those that start later. */
export class BanList {
  /** End of each ban by address, in the order in which they were made. */
  readonly #endsAtMs = new Map<number, number>();

  add(ip: number, durationMs: number, nowMs: number): void {
    this.#endsAtMs.delete(ip);
    this.#endsAtMs.set(ip, nowMs + durationMs);
    if (this.#endsAtMs.size <= MOST_BANS) return;
    const [oldest] = this.#endsAtMs.keys();
    this.#endsAtMs.delete(oldest);
  }

  /** What is left of every ban that has not ended. */
  remaining(nowMs: number): Ban[] {
    const bans: Ban[] = [];
    for (const [ip, endsAtMs] of this.#endsAtMs) {
      if (endsAtMs <= nowMs) this.#endsAtMs.delete(ip);
      else bans.push({ ip, durationMs: Math.ceil(endsAtMs - nowMs) });
    }
    return bans;
  }
}
