import type { PageFacts, PageSeries, PageState, RoundTrips } from './page-state.ts';
import { wordsOf } from './page-words.ts';
import { RoundTripSeries } from './round-trip-series.ts';

/** No list is longer: a page shows what a person can read. */
const MAX_ROWS = { nodes: 16, ways: 8, parts: 12, flows: 200, notCaught: 100, servers: 24, matches: 50, rules: 100, decisions: 8 } as const;
const MAX_WARNINGS = 20;
const MAX_TEXT_LENGTH = 300;

const NOTHING_YET: PageFacts = {
  phase: 'starting',
  verdict: { kind: 'unmeasured', way: 'direct', because: 'nothing is compared yet', pairs: 0, neededPairs: 0 },
  nodes: [],
  ways: [],
  waysNote: '',
  lossCompared: null,
  loss: { up: null, down: null },
  flows: [],
  notCaught: null,
  matrix: null,
  matches: null,
  seenAs: null,
  rules: [],
  decisions: [],
};

/** What a `PageModel` is made with. */
export interface PageModelOptions {
  /** Such as `play`. */
  readonly command: string;
  readonly version: string;
  /** Milliseconds of the wall clock. */
  readonly startedAtMs: number;
}

/**
 * What the live page shows (docs/playing.md, The live page). Whoever measures or decides something lays it down by {@link update},
 * {@link beginSeries}, {@link addPoint} and {@link warn}; the page's server reads {@link state} once a second. It has no clock and no
 * I/O, and bounds all that it keeps. Texts may come from the network: they are shown as text, and cut to 300 characters.
 */
export class PageModel {
  readonly #options: PageModelOptions;
  #facts: PageFacts = NOTHING_YET;
  #series: RoundTripSeries | undefined;
  #warnings: string[] = [];

  constructor(options: PageModelOptions) {
    this.#options = options;
  }

  /** Replaces the facts that are given, and keeps the others. */
  update(facts: Partial<PageFacts>): void {
    this.#facts = { ...this.#facts, ...bounded(facts) };
  }

  /** Another target is measured, or by another node, from now on. The same one goes on. */
  beginSeries(about: Pick<PageSeries, 'measures' | 'target' | 'node'>): void {
    const now = this.#series?.about;
    if (now?.measures === about.measures && now.target === about.target && now.node === about.node) return;
    this.#series = new RoundTripSeries(about);
  }

  /** Adds a point to the series that was begun; without one it is left out. */
  addPoint(point: RoundTrips): void {
    this.#series?.add(point);
  }

  /** Tells something once; the same text again is left out, and the oldest of more than twenty make room. */
  warn(text: string): void {
    const warning = text.slice(0, MAX_TEXT_LENGTH);
    if (this.#warnings.includes(warning)) return;
    this.#warnings = [...this.#warnings, warning].slice(-MAX_WARNINGS);
  }

  /**
   * @param atMs milliseconds of the wall clock.
   * @param canChange whether rules can be changed.
   * @param afterMs only newer points of the series are wanted.
   */
  state(atMs: number, canChange = false, afterMs?: number): PageState {
    return {
      ...this.#options,
      ...this.#facts,
      atMs,
      words: wordsOf(this.#facts),
      series: this.#series?.points(afterMs) ?? null,
      warnings: this.#warnings,
      canChange,
    };
  }
}

function bounded(facts: Partial<PageFacts>): Partial<PageFacts> {
  const { nodes, ways, flows, notCaught, matrix, matches, rules, decisions } = facts;
  const cut = {
    ...facts,
    ...(nodes && { nodes: nodes.slice(0, MAX_ROWS.nodes) }),
    ...(ways && { ways: ways.slice(0, MAX_ROWS.ways).map((way) => ({ ...way, parts: way.parts.slice(0, MAX_ROWS.parts) })) }),
    ...(flows && { flows: flows.slice(0, MAX_ROWS.flows) }),
    ...(notCaught && { notCaught: notCaught.slice(0, MAX_ROWS.notCaught) }),
    ...(matches && { matches: matches.slice(0, MAX_ROWS.matches) }),
    ...(decisions && { decisions: decisions.slice(0, MAX_ROWS.decisions) }),
    ...(rules && { rules: rules.slice(0, MAX_ROWS.rules) }),
    ...(matrix && {
      matrix: {
        servers: matrix.servers.slice(0, MAX_ROWS.servers),
        rows: matrix.rows.slice(0, MAX_ROWS.ways).map(({ way, medianMs }) => ({ way, medianMs: medianMs.slice(0, MAX_ROWS.servers) })),
      },
    }),
  };
  return withShortTexts(cut);
}

/** A copy, so that nothing changes behind the page's back. */
function withShortTexts<T>(value: T): T {
  return structuredClone(shortened(value)) as T;
}

function shortened(value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, MAX_TEXT_LENGTH);
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, shortened(entry)]));
}
