import { availableParallelism } from 'node:os';
import { findProgram } from '@lightspeed/lab';

/** Which core does what. */
export interface Cores {
  /** In front of the command lines of relays, and of the load generator. */
  readonly relay: readonly string[];
  readonly load: readonly string[];
  /** In words, for the report. */
  readonly layout: string;
}

/** In front of what else runs on the machine; needs privileges. */
const PRIORITY = -10;
/** Each process here has a session of its own, and Linux divides a core among sessions first: autogroup in sched(7). */
const SESSION_FIRST = ['sh', '-c', `{ echo ${PRIORITY} >/proc/self/autogroup; } 2>/dev/null; exec "$@"`, 'sh'];
const RELAY_CORE = 0;
const LOAD_CORE = 1;

/** A core for relays, and another for the load. With one core only, or without `taskset`, nothing is tied to a core. */
export function divideCores(): Cores {
  const isRoot = process.getuid?.() === 0;
  const nice = isRoot ? [...SESSION_FIRST, 'nice', '-n', String(PRIORITY)] : [];
  const niceText = isRoot ? `; all of them at nice ${PRIORITY}` : '';
  const cores = availableParallelism();
  const why = cores < 2 ? 'there is one core only' : findProgram('taskset') === undefined ? '`taskset` is not installed' : undefined;
  if (why !== undefined) return { relay: nice, load: nice, layout: `${why}: relays and load generator share cores${niceText}` };
  const tiedTo = (core: number) => [...nice, 'taskset', '-c', String(core)];
  const layout = `${cores} cores: relays on core ${RELAY_CORE}, load generator and game server on core ${LOAD_CORE}${niceText}`;
  return { relay: tiedTo(RELAY_CORE), load: tiedTo(LOAD_CORE), layout };
}
