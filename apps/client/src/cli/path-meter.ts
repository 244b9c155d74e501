import type { PathStats } from '../run/stats.ts';

/** Keepalives are rare, so a path's loss is shown over the last minute. */
const SAMPLES = 60;

/** How a path did lately. */
export interface PathTraffic {
  /** Its keepalives of that time, but for one that may still be under way, and those among them without an answer. */
  readonly keepalives: number;
  readonly keepalivesLost: number;
  /** Its part of what came first by any path, 0 to 1; undefined while nothing came. */
  readonly share: number | undefined;
}

/** Turns the counters of paths, read once a second, into loss and shares. */
export class PathMeter {
  #samples: (readonly PathStats[])[] = [];

  sample(paths: readonly PathStats[]): PathTraffic[] {
    // Counters that have gone back are those of another session.
    const before = this.#samples.at(-1);
    if (before?.some(({ keepalivesSent }, path) => paths[path].keepalivesSent < keepalivesSent) === true) this.#samples = [];
    this.#samples.push(paths);
    if (this.#samples.length > SAMPLES + 1) this.#samples.shift();
    const [first] = this.#samples;
    const came = (path: number) => paths[path].firstArrivals - (this.#samples.length === 1 ? 0 : first[path].firstArrivals);
    const all = paths.reduce((sum, _, path) => sum + came(path), 0);
    return paths.map((now, path) => ({
      ...keepalives(now, this.#samples.length === 1 ? undefined : first[path]),
      share: all === 0 ? undefined : came(path) / all,
    }));
  }
}

/** The last one may still be under way. */
function keepalives(now: PathStats, then: PathStats | undefined): Pick<PathTraffic, 'keepalives' | 'keepalivesLost'> {
  const sent = Math.max(0, now.keepalivesSent - (then?.keepalivesSent ?? 0) - 1);
  const answered = now.keepalivesAnswered - (then?.keepalivesAnswered ?? 0);
  return { keepalives: sent, keepalivesLost: Math.max(0, sent - answered) };
}
