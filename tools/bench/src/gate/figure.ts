/** One figure of the gate. Its name is that of its bound. */
export interface Figure {
  readonly name: string;
  /** Undefined if it cannot be had on this machine. */
  readonly value: number | undefined;
  /** Why not. */
  readonly unavailable?: string;
}

/** A figure beside its bound. */
export interface Judgement extends Figure {
  readonly most: number;
  readonly why: string;
  /** What cannot be had is not passed over. */
  readonly passed: boolean;
}

/** The most that a figure may be, and the reason for it. */
export interface Bound {
  readonly most: number;
  readonly why: string;
}

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
  return figures.map((figure) => {
    const { most, why } = bounds[figure.name];
    const { value } = figure;
    // A figure that is no number has been measured wrongly.
    return { ...figure, most, why, passed: value === undefined || value <= most };
  });
}
