/** One figure of the gate. Its name is that of its bound. */
export interface Figure {
  readonly name: string;
  /** Undefined if it cannot be had on this machine. */
  readonly value: number | undefined;
  /** Why not. */
  readonly unavailable?: string;
}

/** The most that a figure may be, and the reason for it. */
export interface Bound {
  readonly most: number;
  readonly why: string;
}

/** A figure beside its bound. What cannot be had is not passed over. */
export type Judgement = Figure & Bound & { readonly passed: boolean };

/**
 * Holds figures to their bounds.
 * @throws if a figure has no bound, or a bound no figure: then somebody has forgotten one of them.
 */
export function judge(figures: readonly Figure[], bounds: Readonly<Record<string, Bound>>): Judgement[] {
  const unknown = figures.filter(({ name }) => !Object.hasOwn(bounds, name)).map(({ name }) => name);
  const missing = Object.keys(bounds).filter((name) => !figures.some((figure) => figure.name === name));
  if (unknown.length + missing.length > 0) {
    throw new Error(`figures and bounds.json do not agree: ${[...unknown, ...missing].join('; ')}`);
  }
  // A figure that is no number has been measured wrongly.
  const passed = (value: number | undefined, { most }: Bound) => value === undefined || value <= most;
  return figures.map((figure) => ({ ...figure, ...bounds[figure.name], passed: passed(figure.value, bounds[figure.name]) }));
}
