import { describe, expect, it } from 'vitest';
import { LossRuns } from '../src/cli/loss-runs.ts';
import { stats } from './support/tunnel-stats.ts';

const sample = (runs: LossRuns, expected: number, received: number, downRuns: number, upMeanRun = 0) =>
  runs.sample(stats({ sequenceExpected: expected, sequenceReceived: received, downRuns, upMeanRun }).counters);

describe('how many packets are lost in a row', () => {
  it('is lost packets by runs, down, and what the node reports, up', () => {
    const runs = new LossRuns();
    expect(sample(runs, 0, 0, 0)).toEqual({ up: null, down: null });
    expect(sample(runs, 1_000, 970, 10, 1.5)).toEqual({ up: 1.5, down: 3 });
  });

  it('goes on where the counter begins again, and forgets what another session has counted', () => {
    const runs = new LossRuns();
    sample(runs, 1_000, 1_000, 65_530);
    expect(sample(runs, 2_000, 1_980, 4).down).toBe(2);
    expect(sample(runs, 100, 100, 0).down).toBeNull();
    expect(sample(runs, 200, 195, 5).down).toBe(1);
  });

  it('is not known where packets were only late', () => {
    const runs = new LossRuns();
    sample(runs, 0, 0, 0);
    expect(sample(runs, 1_000, 1_000, 5).down).toBeNull();
  });
});
