import type { Band, PageSeries, RoundTrips, SeriesPoint } from './page-state.ts';

/** Ten minutes of one point a second. */
const MAX_POINTS = 600;
/** A band says what was usual within this time. */
const BAND_MS = 30_000;
/** Of fewer points nothing is usual. */
const MIN_BAND_POINTS = 5;

/** The last {@link MAX_POINTS} round trips to one target, each with the band of what came just before. */
export class RoundTripSeries {
  readonly about: Pick<PageSeries, 'measures' | 'target' | 'node'>;
  readonly #points: SeriesPoint[] = [];

  constructor(about: Pick<PageSeries, 'measures' | 'target' | 'node'>) {
    this.about = about;
  }

  /** Points come in the order of their times; one that is not newer than the last is left out. */
  add(point: RoundTrips): void {
    const last = this.#points.at(-1);
    if (last !== undefined && point.atMs <= last.atMs) return;
    const recent = [...this.#points.filter(({ atMs }) => atMs > point.atMs - BAND_MS), point];
    this.#points.push({
      ...point,
      directBand: bandOf(recent.map(({ directMs }) => directMs)),
      nodeBand: bandOf(recent.map(({ nodeMs }) => nodeMs)),
    });
    if (this.#points.length > MAX_POINTS) this.#points.shift();
  }

  /** @param afterMs only newer points. */
  points(afterMs = Number.NEGATIVE_INFINITY): PageSeries {
    return { ...this.about, points: this.#points.filter(({ atMs }) => atMs > afterMs) };
  }
}

function bandOf(values: readonly (number | null | undefined)[]): Band | undefined {
  const answered = values.filter((value) => typeof value === 'number').sort((a, b) => a - b);
  if (answered.length < MIN_BAND_POINTS) return undefined;
  const at = (share: number) => answered[Math.round(share * (answered.length - 1))];
  return [at(0.1), at(0.9)];
}
