import { availableParallelism, getPriority, setPriority } from 'node:os';
import { command } from '@lightspeed/lab';

/** Which core does what. */
export interface Cores {
  /** In front of the command line of a relay. */
  readonly relay: readonly string[];
  /** In words, for the report. */
  readonly layout: string;
}

/** In front of what else runs on the machine; needs privileges. */
const PRIORITY = -10;
const RELAY_CORE = 0;
const LOAD_CORE = 1;

/**
 * Gives this process and what it starts from now on one core, and relays another. Where there is one core only, or no
 * `taskset`, nothing is tied to a core.
 * @param undo gives this process back what it had.
 */
export async function divideCores(undo: AsyncDisposableStack): Promise<Cores> {
  const priority = getPriority();
  undo.defer(() => setPriority(priority));
  const priorityText = takePriority() ? `; all of them at nice ${PRIORITY}` : '';
  const cores = availableParallelism();
  const loose = (layout: string): Cores => ({ relay: [], layout: `${layout}${priorityText}` });
  if (cores < 2) return loose('there is one core only: relay and load generator share it');
  const pinSelf = (to: string) => command('taskset', ['-a', '-c', '-p', to, String(process.pid)]);
  try {
    await pinSelf(String(LOAD_CORE));
  } catch {
    return loose('`taskset` could not be used: relay and load generator are not tied to cores');
  }
  undo.defer(async () => void (await pinSelf(`0-${cores - 1}`)));
  return {
    relay: ['taskset', '-c', String(RELAY_CORE)],
    layout: `${cores} cores: relays on core ${RELAY_CORE}, load generator and game server on core ${LOAD_CORE}${priorityText}`,
  };
}

/** What is started from now on inherits it. @returns whether that was allowed */
function takePriority(): boolean {
  try {
    setPriority(PRIORITY);
    return true;
  } catch {
    return false;
  }
}
