import { availableParallelism, getPriority, setPriority } from 'node:os';
import { command } from '@lightspeed/lab';

/** Which core does what. */
export interface Cores {
  /** In front of the command line of a relay. */
  readonly relay: readonly string[];
  /** In words, for the report. */
  readonly layout: string;
  /** Gives this process back what it had. */
  release(): Promise<void>;
}

/** In front of what else runs on the machine; needs privileges. */
const PRIORITY = -10;
const RELAY_CORE = 0;
const LOAD_CORE = 1;

/**
 * Gives this process and what it starts from now on one core, and relays another. Where there is one core only, or no
 * `taskset`, nothing is tied to a core.
 */
export async function divideCores(): Promise<Cores> {
  const priority = getPriority();
  const priorityText = takePriority() ? `; all of them at nice ${PRIORITY}` : '';
  const loose = (layout: string): Cores => ({
    ...{ relay: [], layout: `${layout}${priorityText}` },
    release: async () => setPriority(priority),
  });
  if (availableParallelism() < 2) return loose('there is one core only: relay and load generator share it');
  const cores = availableParallelism();
  const all = `0-${cores - 1}`;
  try {
    await pinSelf(String(LOAD_CORE));
  } catch {
    return loose('`taskset` could not be used: relay and load generator are not tied to cores');
  }
  return {
    relay: ['taskset', '-c', String(RELAY_CORE)],
    layout: `${cores} cores: relays on core ${RELAY_CORE}, load generator and game server on core ${LOAD_CORE}${priorityText}`,
    release: async () => {
      setPriority(priority);
      await pinSelf(all);
    },
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

async function pinSelf(cores: string): Promise<void> {
  await command('taskset', ['-a', '-c', '-p', cores, String(process.pid)]);
}
