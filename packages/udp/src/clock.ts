/**
 * `performance.now` counts from the start of its thread. Its distance from the machine's monotonic clock is constant, so
 * adding that makes readings of different threads and processes comparable. It costs a plain addition.
 */
const threadStartUs = Number(process.hrtime.bigint() / 1_000n) - performance.now() * 1_000;

/** Microseconds of the machine's monotonic clock, whole. */
export function monotonicUs(): number {
  return Math.floor(threadStartUs + performance.now() * 1_000);
}
