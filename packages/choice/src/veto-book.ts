/** So long a prefix stays direct after a node made a match worse. */
export const VETO_MS = 7 * 86_400_000;
/** With more the one that ends first is forgotten. */
export const MAX_VETOES = 1_024;

/** A prefix in which a node made a match worse. */
export interface Veto {
  /** A /24, such as `203.0.113.0/24`. */
  readonly prefix: string;
  /** The node by which the match went. */
  readonly node: string;
  readonly untilMs: number;
}

/** The prefixes that stay direct (docs/choosing.md, Veto). */
export class VetoBook {
  readonly #vetoes = new Map<string, Veto>();

  /** Keeps a veto; of two for one prefix the one that ends later. */
  add(veto: Veto): void {
    const before = this.#vetoes.get(veto.prefix);
    if (before !== undefined && before.untilMs >= veto.untilMs) return;
    this.#vetoes.set(veto.prefix, veto);
    if (this.#vetoes.size <= MAX_VETOES) return;
    const first = [...this.#vetoes.values()].reduce((a, b) => (b.untilMs < a.untilMs ? b : a));
    this.#vetoes.delete(first.prefix);
  }

  /** The veto that holds for a prefix. One that is over is forgotten. */
  find(prefix: string, nowMs: number): Veto | undefined {
    const veto = this.#vetoes.get(prefix);
    if (veto === undefined || veto.untilMs > nowMs) return veto;
    this.#vetoes.delete(prefix);
    return undefined;
  }

  /** Takes a veto back, as a player may. @returns whether there was one. */
  lift(prefix: string): boolean {
    return this.#vetoes.delete(prefix);
  }

  /** All that hold. */
  list(nowMs: number): Veto[] {
    return [...this.#vetoes.values()].filter(({ untilMs }) => untilMs > nowMs);
  }
}
