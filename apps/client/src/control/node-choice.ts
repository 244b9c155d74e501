/** A node is better only if its round trip is shorter by this share and by so much: what is less is noise. */
const SHORTER_RATIO = 0.8;
const SHORTER_MS = 5;
/** And so many looks in a row, once a second. */
const LOOKS = 3;

/** A node as the choice sees it. */
export interface Candidate {
  readonly slot: number;
  /** It answers. */
  readonly up: boolean;
  /** It may still answer for the first time, or again after a restart: that takes its time. */
  readonly opening: boolean;
  /** It will stop soon. */
  readonly draining: boolean;
  /** Undefined before the first measurement. */
  readonly rttMs: number | undefined;
}

/** Why another node is taken. */
export type MoveReason = 'lost' | 'draining' | 'faster';

/**
 * Chooses the node by which data goes. A move changes the address that game servers see, which may end a game. So a
 * working node is left only for a much faster one, and only while nothing is played.
 */
export class NodeChoice {
  #used: number;
  #faster = -1;
  #looks = 0;

  constructor(used: number) {
    this.#used = used;
  }

  get used(): number {
    return this.#used;
  }

  /** Something has happened to a node: leaves the one in use if it has to be left and there is a better one. */
  reconsider(candidates: readonly Candidate[]): MoveReason | undefined {
    const used = candidates.find(({ slot }) => slot === this.#used);
    if (used !== undefined && (used.up || used.opening) && !used.draining) return undefined;
    const others = candidates.filter(({ slot, up }) => up && slot !== this.#used);
    // One that drains is better than one that is gone, and no better than another one that drains.
    const lasting = others.filter(({ draining }) => !draining);
    const better = fastest(lasting) ?? (used?.up === true ? undefined : fastest(others));
    if (better === undefined) return undefined;
    this.#take(better.slot);
    return used?.up === true ? 'draining' : 'lost';
  }

  /** To be called once a second. @param playing whether local programs have sent something lately */
  look(candidates: readonly Candidate[], playing: boolean): MoveReason | undefined {
    const reason = this.reconsider(candidates);
    if (reason !== undefined) return reason;
    const used = candidates.find(({ slot }) => slot === this.#used);
    const best = fastest(candidates.filter(({ up, draining }) => up && !draining));
    if (playing || used?.rttMs === undefined || best?.rttMs === undefined || !muchShorter(best.rttMs, used.rttMs)) {
      this.#faster = -1;
      return undefined;
    }
    this.#looks = this.#faster === best.slot ? this.#looks + 1 : 1;
    this.#faster = best.slot;
    if (this.#looks < LOOKS) return undefined;
    this.#take(best.slot);
    return 'faster';
  }

  #take(slot: number): void {
    this.#used = slot;
    this.#faster = -1;
    this.#looks = 0;
  }
}

function fastest(candidates: readonly Candidate[]): Candidate | undefined {
  const rtt = ({ rttMs = Number.POSITIVE_INFINITY }: Candidate) => rttMs;
  return candidates.toSorted((a, b) => (rtt(a) === rtt(b) ? a.slot - b.slot : rtt(a) - rtt(b))).at(0);
}

function muchShorter(ms: number, thanMs: number): boolean {
  return ms <= thanMs * SHORTER_RATIO && thanMs - ms >= SHORTER_MS;
}
