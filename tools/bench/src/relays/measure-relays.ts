import { LOOPBACK, LabError, temporaryFolder, startLoad } from '@lightspeed/lab';
import type { LoadProcess } from '@lightspeed/lab';
import { divideCores } from './cores.ts';
import { ENTRANTS } from './entrants.ts';
import type { LoadPlan } from './loads.ts';
import { lastWords } from './relay.ts';
import type { Entrant, Relay } from './relay.ts';
import { measureRounds } from './rounds.ts';
import type { RelayRounds } from './rounds.ts';
import type { WindowLoad, WindowMeasurement } from './window.ts';

const MAX_TRIES = 3;

/** Which relays get which loads. */
export interface RelaysPlan {
  readonly loads: readonly LoadPlan[];
  readonly warmUp: WindowLoad;
  /** Those that take part, if they can; all when left out. */
  readonly entrants?: readonly Entrant[];
  /** Whether a window counts: a load is measured again, some times, until all its windows do. Each does when left out. */
  readonly isSound?: (window: WindowMeasurement) => boolean;
}

/** One load, and what each relay did with it. */
export interface LoadRounds {
  readonly load: LoadPlan;
  readonly rounds: readonly RelayRounds[];
}

/**
 * Puts relays, each in a process of its own, under the same load one after another, over and over, and reads what they cost.
 * @returns which core does what, what each relay did under each load, and who could not take part and why.
 * @throws {LabError} `ERR_LAB_MISSING` where /proc is not Linux's, `ERR_LAB_PROCESS` if a relay does not answer
 */
export async function measureRelays(
  { loads, warmUp, entrants = ENTRANTS, isSound = () => true }: RelaysPlan,
  progress: (text: string) => void,
) {
  requireLinux();
  await using undo = new AsyncDisposableStack();
  const cores = divideCores();
  const load = undo.use(startLoad(cores.load));
  const { clients } = warmUp;
  const [gameServer] = await load.openSockets({ clients, sourceIps: [LOOPBACK], serverIps: [LOOPBACK] });
  const relays: Relay[] = [];
  const missing: Record<string, string> = {};
  for (const { names, whyNot, start } of entrants) {
    const why = whyNot();
    if (why !== undefined) missing[names[0]] = why;
    if (why !== undefined) continue;
    progress(`${names[0]} starts`);
    const { path: folder } = undo.use(await temporaryFolder());
    relays.push(...(await start({ folder, gameServer, load, clients, within: cores.relay }, undo)));
  }
  const measured: LoadRounds[] = [];
  await letIn(load, relays, clients);
  await measureRounds(load, relays, warmUp, 1, progress);
  for (const each of loads) {
    // Some let clients in only for a time, as TURN does.
    await letIn(load, relays, clients);
    const take = () => measureRounds(load, relays, each, each.rounds, progress);
    let rounds = await take();
    const areSound = () => rounds.every(({ windows }) => windows.every(isSound));
    for (let tries = 1; tries < MAX_TRIES && !areSound(); tries++) rounds = await take();
    measured.push({ load: each, rounds });
  }
  return { layout: cores.layout, loads: measured, missing };
}

/** @throws {LabError} `ERR_LAB_MISSING` unless this is Linux */
export function requireLinux(): void {
  if (process.platform === 'linux') return;
  throw new LabError('ERR_LAB_MISSING', `CPU time is read from Linux's /proc; this is ${process.platform}`);
}

async function letIn(load: LoadProcess, relays: readonly Relay[], clients: number): Promise<void> {
  for (const { name, target, lines } of relays) {
    const { open } = await load.open({ name, ...target, clients });
    if (open === clients) continue;
    throw new LabError('ERR_LAB_PROCESS', `${name} has let in ${open} of ${clients} clients; ${lastWords(lines)}`);
  }
}

/** What no relay may do, whatever the load: hand an answer to somebody else, or deliver it twice. */
export function relayFaults(loads: readonly LoadRounds[]): string[] {
  return loads.flatMap(({ load, rounds }) =>
    rounds.flatMap(({ relay, windows }) =>
      (['misdelivered', 'duplicates'] as const).flatMap((what) => {
        const answers = windows.reduce((sum, window) => sum + window[what], 0);
        return answers === 0 ? [] : [`${relay}, ${load.ratePps} a second: ${answers} answers were ${what}`];
      }),
    ),
  );
}
