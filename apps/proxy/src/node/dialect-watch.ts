import type { Logger } from 'pino';

/** How often it looks. */
const PERIOD_MS = 60_000;
/** So many packets of the other dialect in a period are no accident. */
const MANY_PACKETS = 600;

/**
 * Says once in the log that clients speak the other dialect, if very many packets come that only dialect `reference` has.
 * @param reservedNotZero packets since the start that were dropped as `reserved_not_zero`
 * @returns what ends it
 */
export function watchDialect(reservedNotZero: () => number, log: Logger): () => void {
  let before = reservedNotZero();
  const timer = setInterval(() => {
    const now = reservedNotZero();
    const packets = now - before;
    before = now;
    if (packets < MANY_PACKETS) return;
    clearInterval(timer);
    log.warn(
      { packets, withinSeconds: PERIOD_MS / 1_000 },
      'many packets were dropped as reserved_not_zero: clients seem to speak dialect reference; if they are meant to, start the node with --dialect reference',
    );
  }, PERIOD_MS).unref();
  return () => clearInterval(timer);
}
