import type { TunnelStats } from '../run/stats.ts';

/** Two minutes of one sample a second, as loss behind protection is judged by. */
const MOST_SAMPLES = 120;
/** Counters of runs begin again behind this. */
const RUNS_MODULUS = 65_536;

/** How many packets in a row are lost, on average: 1 for loss alone. Null where nothing was lost, or nobody says. */
export interface MeanRuns {
  readonly up: number | null;
  readonly down: number | null;
}

type Sample = Pick<TunnelStats['counters'], 'sequenceExpected' | 'sequenceReceived' | 'downRuns'>;

/** Says from counters how long bursts of loss are, each way. */
export class LossRuns {
  readonly #samples: Sample[] = [];

  /** To be called once a second. */
  sample({ sequenceExpected, sequenceReceived, downRuns, upMeanRun }: TunnelStats['counters']): MeanRuns {
    const samples = this.#samples;
    const now = { sequenceExpected, sequenceReceived, downRuns };
    // Another node, or a session that begins anew: what was counted before does not hold.
    if (sequenceExpected < (samples.at(-1)?.sequenceExpected ?? 0)) samples.length = 0;
    samples.push(now);
    if (samples.length > MOST_SAMPLES) samples.shift();
    return { up: upMeanRun > 0 ? upMeanRun : null, down: meanBetween(samples[0], now) };
  }
}

/** Packets that were only late are no loss, so there may be fewer than runs. */
function meanBetween(before: Sample, now: Sample): number | null {
  const lost = now.sequenceExpected - now.sequenceReceived - (before.sequenceExpected - before.sequenceReceived);
  const runs = (now.downRuns - before.downRuns + RUNS_MODULUS) % RUNS_MODULUS;
  // What another node has counted gives no likely number.
  return runs === 0 || runs > lost ? null : lost / runs;
}
