/** A piece of the packet path to be timed. */
export interface Piece {
  readonly name: string;
  /** Operations per call: several keep the cost of the call itself out of the figure. */
  readonly operations: number;
  readonly run: () => unknown;
  /** Whether `run` returns the nanoseconds of one operation itself. */
  readonly timesItself?: boolean;
}

/** Nanoseconds per operation. */
export interface Timing {
  readonly operation: string;
  readonly medianNs: number;
  readonly p99Ns: number;
}

/** Long enough for the clock not to matter. */
const SAMPLE_MS = 0.02;
/** V8 compiles a piece in steps; so long it may. */
const WARM_UP_SHARE = 0.3;

/** What keeps V8 from leaving out a call whose result nobody uses. */
let last: unknown;

/** Calls a piece over and over for so long. */
export function timePiece({ name, operations, run, timesItself = false }: Piece, forMs: number): Timing {
  let calls = 1;
  const sample = () => {
    const startMs = performance.now();
    for (let call = 0; call < calls; call++) last = run();
    return performance.now() - startMs;
  };
  const startMs = performance.now();
  while (performance.now() - startMs < forMs * WARM_UP_SHARE) if (sample() < SAMPLE_MS && !timesItself) calls *= 2;
  const samples: number[] = [];
  while (performance.now() - startMs < forMs) {
    const elapsedNs = sample() * 1e6;
    samples.push(timesItself ? Number(last) : elapsedNs / calls / operations);
  }
  samples.sort((a, b) => a - b);
  const at = (share: number) => samples[Math.floor(share * (samples.length - 1))];
  return { operation: name, medianNs: at(0.5), p99Ns: at(0.99) };
}
