import type { WindowMeasurement } from '../../src/relays/window.ts';

/** What a relay without fault does in a window of 1,000 packets, except for what is said. */
export function measurement(said: Partial<WindowMeasurement>): WindowMeasurement {
  return {
    ...{ sent: 1_000, answered: 1_000, late: 0, loss: 0, duplicates: 0, misdelivered: 0, corrupted: 0, toRelay: 1_000, ownDrops: 0 },
    ...{ p50Us: 50, p99Us: 70, p999Us: 80, maxUs: 90, lateP99Us: 1 },
    ...{ cpuUsPerRoundTrip: 12, residentBytes: 1_048_576 },
    ...said,
  };
}
