import { DIRECT } from './decision.ts';
import type { Decision, GameServer, ProbePair } from './decision.ts';
import { HarmWatch } from './harm-watch.ts';
import { judge } from './rule.ts';
import { SeriesSet } from './series-set.ts';
import type { NodeFigures } from './series-set.ts';
import { ShadowPace } from './shadow-pace.ts';

/** Nodes that are measured in a match, times kinds of probes. */
const MAX_SERIES = 4;
/** Of one kind by one node: more than two hours of shadow probes. */
const MAX_PAIRS = 8_192;

/** A match that runs, as `WayChooser.openMatch` gives it. Only the chooser changes it. */
export interface OpenMatch {
  readonly id: number;
  readonly server: GameServer;
  readonly startMs: number;
  /** By which way it goes. Moves change it. */
  readonly decision: Decision;
  /** Whether the server has answered: then only a dead way moves the flow. */
  readonly isAnswered: boolean;
  /** Whether its node made it worse. It stays on its way all the same, and later flows go direct. */
  readonly isHarmed: boolean;
  /** Whether its pairs are kept. With too many matches at once those of later ones are not. */
  readonly isProved: boolean;
}

/** The state of {@link OpenMatch}. */
export class RunningMatch implements OpenMatch {
  readonly id: number;
  readonly server: GameServer;
  readonly startMs: number;
  readonly isProved: boolean;
  decision: Decision;
  isAnswered = false;
  isHarmed = false;
  readonly #series = new SeriesSet({ maxSeries: MAX_SERIES, maxPairs: MAX_PAIRS });
  readonly #pace = new ShadowPace();
  #watch: HarmWatch;

  constructor(id: number, server: GameServer, decision: Decision, startMs: number, isProved: boolean) {
    this.id = id;
    this.server = server;
    this.decision = decision;
    this.startMs = startMs;
    this.isProved = isProved;
    this.#watch = new HarmWatch(startMs);
  }

  /** Takes a pair of shadow probes. Its node is one of the chooser's, so there are few. */
  add(pair: ProbePair): void {
    const { node, directMs, nodeMs, atMs } = pair;
    if (this.isProved) this.#series.add(pair);
    this.#pace.add(node, directMs === null, nodeMs === null, atMs);
    if (node === this.decision.way) this.#watch.add(directMs, nodeMs, atMs);
  }

  /** @returns whether it is harmed since this call. */
  findHarm(nowMs: number): boolean {
    if (this.isHarmed || this.decision.way === DIRECT) return false;
    this.#watch.advance(nowMs);
    this.isHarmed = this.#watch.isHarmed;
    return this.isHarmed;
  }

  /** Whether the node by which it goes lost clearly more in the whole match. It needs many pairs, and so is asked at the end. */
  hasLostMore(): boolean {
    return this.figures().some((figures) => figures.node === this.decision.way && judge(figures) === 'more-loss');
  }

  /** Moves it: harm is what the new way does from now on. */
  move(decision: Decision, nowMs: number): void {
    this.decision = decision;
    this.#watch = new HarmWatch(nowMs);
  }

  /** How many pairs a node gets in this second, one of `nodes`. */
  shadowPairs(node: string, nodes: readonly string[], nowMs: number): number {
    return this.#pace.pairs(node, nodes, this.decision.way, nowMs);
  }

  /** Of each node that was measured. */
  figures(): NodeFigures[] {
    return this.#series.figures();
  }
}
