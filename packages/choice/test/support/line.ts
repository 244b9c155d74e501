import type { Random } from '@lightspeed/netem';

/** How jitter is spread: queues only add, and other causes do both. */
export type JitterShape = 'one-sided' | 'symmetric';

/** A way as probes see it. */
export interface Line {
  readonly baseMs: number;
  /** The mean difference between successive round trips, as in RFC 3550. */
  readonly jitterMs?: number;
  readonly shape?: JitterShape;
  readonly spikeShare?: number;
  readonly lossShare?: number;
}

const MIN_SPIKE_MS = 20;
const MAX_SPIKE_MS = 60;

/** A round trip in milliseconds, or null for a lost one. */
export function roundTrip(
  random: Random,
  { baseMs, jitterMs = 0, shape = 'one-sided', spikeShare = 0, lossShare = 0 }: Line,
): number | null {
  const isLost = random.next() < lossShare;
  const jitter = shape === 'one-sided' ? exponential(random) * jitterMs : normal(random) * jitterMs * (Math.sqrt(Math.PI) / 2);
  const spike = random.next() < spikeShare ? MIN_SPIKE_MS + random.next() * (MAX_SPIKE_MS - MIN_SPIKE_MS) : 0;
  return isLost ? null : Math.max(0, baseMs + jitter + spike);
}

/** A line as the research had it: jitter of 4 to 6 ms, and 3 % spikes. */
export function usualLine(random: Random, baseMs: number, shape: JitterShape = 'one-sided'): Line {
  return { baseMs, jitterMs: 4 + 2 * random.next(), spikeShare: 0.03, shape };
}

function exponential(random: Random): number {
  return -Math.log(1 - random.next());
}

function normal(random: Random): number {
  return Math.sqrt(2 * exponential(random)) * Math.cos(2 * Math.PI * random.next());
}
