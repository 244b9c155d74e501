import { RttEstimator } from '@lightspeed/session';
import { MIN_PACKETS_TO_JUDGE } from './loss.ts';
import { percent } from './percent.ts';

/** What a measurement found. Milliseconds; undefined where nothing was answered. */
export interface RoundTripSummary {
  readonly sent: number;
  readonly answered: number;
  /** Lost of those sent, 0 to 1. */
  readonly lossRatio: number | undefined;
  readonly minMs: number | undefined;
  readonly medianMs: number | undefined;
  readonly p95Ms: number | undefined;
  readonly maxMs: number | undefined;
  /** Smoothed mean deviation as RFC 6298 computes it: the same as `play` shows. */
  readonly jitterMs: number | undefined;
}

/** Sums up round trips in the order in which they were measured. Percentiles are by nearest rank. */
export function summarizeRoundTrips(sent: number, roundTripsMs: readonly number[]): RoundTripSummary {
  const sorted = roundTripsMs.toSorted((a, b) => a - b);
  const rank = (fraction: number) => sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)];
  const estimator = new RttEstimator();
  for (const ms of roundTripsMs) estimator.sample(Math.round(ms * 1_000));
  const answered = sorted.length;
  return {
    sent,
    answered,
    lossRatio: sent === 0 ? undefined : Math.max(0, sent - answered) / sent,
    minMs: sorted.at(0),
    medianMs: rank(0.5),
    p95Ms: rank(0.95),
    maxMs: sorted.at(-1),
    jitterMs: answered === 0 ? undefined : estimator.jitterUs / 1_000,
  };
}

/** The summary for people: loss is a share only of as many keepalives as it takes to judge. */
export function roundTripLines(name: string, summary: RoundTripSummary): string[] {
  const { sent, answered, lossRatio, minMs, medianMs, p95Ms, maxMs, jitterMs } = summary;
  const loss = sent < MIN_PACKETS_TO_JUDGE ? '' : `, ${percent(lossRatio)} loss`;
  const ms = (value: number | undefined) => value?.toFixed(3) ?? '-';
  const times = `rtt min ${ms(minMs)}, median ${ms(medianMs)}, p95 ${ms(p95Ms)}, max ${ms(maxMs)} ms; jitter ${ms(jitterMs)} ms`;
  return [`--- ${name} ---`, `${sent} sent, ${answered} answered${loss}`, ...(answered > 0 ? [times] : [])];
}
