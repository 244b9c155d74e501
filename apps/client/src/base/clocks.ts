/** The monotonic clock, as an int32 number of milliseconds that wraps. */
export function nowMs(): number {
  return Math.floor(performance.now()) | 0;
}

/** Microseconds of the wall clock, so that a node's can be compared with it. */
export function clockUs(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1_000));
}
