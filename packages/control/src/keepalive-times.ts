/**
 * Between the moments at which keepalives of control connections arrive at a node, in milliseconds of the node's clock. What a
 * node spends on one that arrives grows with the number of its connections. Those that arrive together cost little more than one.
 */
export const KEEPALIVE_SLOT_MS = 5_000;

/** A timer that comes early, or a clock that is known better now, must not cost a client a whole slot. */
const SLACK_MS = 100;

/** What a client knows of itself and its node. All are milliseconds. */
export interface KeepaliveTimes {
  /** Since 1970, on the client's own clock. */
  readonly nowMs: number;
  /** By how much the node's clock is ahead of it. */
  readonly aheadMs: number;
  readonly roundTripMs: number;
  /** After which a keepalive is needed. */
  readonly longestMs: number;
}

/**
 * When a client sends its next keepalive (docs/protocol.md, Registration). It arrives at a whole multiple of
 * {@link KEEPALIVE_SLOT_MS} of the node's clock, as those of all other clients do.
 * @returns milliseconds from now: at most 100 more than `longestMs`, and less than a slot below that
 */
export function msUntilKeepalive({ nowMs, aheadMs, roundTripMs, longestMs }: KeepaliveTimes): number {
  const latestArrivalMs = nowMs + aheadMs + roundTripMs / 2 + longestMs + SLACK_MS;
  const earlier = latestArrivalMs - Math.floor(latestArrivalMs / KEEPALIVE_SLOT_MS) * KEEPALIVE_SLOT_MS;
  return Math.max(0, longestMs + SLACK_MS - earlier);
}
