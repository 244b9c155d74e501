import { figuresOf, marginMs } from './rule.ts';

/** Shadow probes are looked at in windows of this length. */
const HARM_WINDOW_MS = 10_000;
/** So many windows in a row have to be worse. */
const HARM_WINDOWS = 2;
/** Fewer answered pairs say nothing of a window. */
const MIN_WINDOW_PAIRS = 5;
/** Of a window's pairs: the node loses more than the direct way by this. Of ten pairs four is no chance. */
const WINDOW_LOSS_SHARE = 0.4;

/** Watches whether the node by which a match goes is worse than the direct way (docs/choosing.md, Veto). */
export class HarmWatch {
  readonly #startMs: number;
  #window = 0;
  #direct: number[] = [];
  #node: number[] = [];
  #worse = 0;

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  /** Whether enough windows in a row were worse. */
  get isHarmed(): boolean {
    return this.#worse >= HARM_WINDOWS;
  }

  /** Takes a pair of shadow probes. Windows before it are over. */
  add(directMs: number | null, nodeMs: number | null, atMs: number): void {
    this.advance(atMs);
    this.#direct.push(directMs ?? NaN);
    this.#node.push(nodeMs ?? NaN);
  }

  /** Ends the window, if its time is over. */
  advance(nowMs: number): void {
    const window = Math.floor((nowMs - this.#startMs) / HARM_WINDOW_MS);
    if (window <= this.#window) return;
    // What was worse stays harm: a match that has been vetoed is not cleared by a good end.
    if (!this.isHarmed) this.#worse = isWorse(this.#direct, this.#node) ? this.#worse + 1 : 0;
    // Windows without any pair were between.
    if (!this.isHarmed && window > this.#window + 1) this.#worse = 0;
    this.#window = window;
    this.#direct = [];
    this.#node = [];
  }
}

function isWorse(direct: readonly number[], node: readonly number[]): boolean {
  const { answered, gainMs, directMs, nodeLossShare, directLossShare } = figuresOf(direct, node);
  if (direct.length >= MIN_WINDOW_PAIRS && nodeLossShare - directLossShare >= WINDOW_LOSS_SHARE) return true;
  return answered >= MIN_WINDOW_PAIRS && gainMs <= -marginMs(directMs);
}
