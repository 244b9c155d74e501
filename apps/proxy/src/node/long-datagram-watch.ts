import { MAX_CARRIED_PAYLOAD_BYTES } from '@lightspeed/wire';
import type { Logger } from 'pino';

/** How often it looks. */
const PERIOD_MS = 60_000;

/**
 * Says once in the log that datagrams were dropped because they are longer than anything that is carried.
 * @param dropped how many since the start
 * @returns what ends it
 */
export function watchLongDatagrams(dropped: () => number, log: Logger): () => void {
  const timer = setInterval(() => {
    const datagrams = dropped();
    if (datagrams === 0) return;
    clearInterval(timer);
    log.warn(
      { datagrams },
      `datagrams of over ${MAX_CARRIED_PAYLOAD_BYTES.toLocaleString('en')} bytes came and were dropped: nothing so long is carried; from now on they are only counted`,
    );
  }, PERIOD_MS).unref();
  return () => clearInterval(timer);
}
