import { LOOPBACK, LoadProcess, TemporaryFolder } from '@lightspeed/lab';
import { BenchError } from '../bench-error.ts';
import { divideCores } from './cores.ts';
import { ENTRANTS } from './entrants.ts';
import type { LoadPlan } from './loads.ts';
import { lastWords } from './relay.ts';
import type { Relay } from './relay.ts';
import { measureRounds } from './rounds.ts';
import type { RelayRounds } from './rounds.ts';
import type { WindowLoad } from './window.ts';

/** Which relays get which loads. */
export interface RelaysPlan {
  readonly loads: readonly LoadPlan[];
  readonly warmUp: WindowLoad;
  /** Names of those that take part, if they can; all when left out. */
  readonly only?: readonly string[];
}

/** One load, and what each relay did with it. */
export interface LoadRounds {
  readonly load: LoadPlan;
  readonly rounds: readonly RelayRounds[];
}

/** What each relay did under each load. */
export interface RelaysMeasured {
  /** Which core does what. */
  readonly layout: string;
  readonly loads: readonly LoadRounds[];
  /** Who could not take part, and why. */
  readonly missing: Readonly<Record<string, string>>;
}

/**
 * Puts relays, each in a process of its own, under the same load one after another, over and over, and reads what they cost.
 * @throws {BenchError} `ERR_BENCH_MISSING` where /proc is not Linux's, `ERR_BENCH_RELAY` if a relay does not answer
 */
export async function measureRelays({ loads, warmUp, only }: RelaysPlan, progress: (text: string) => void): Promise<RelaysMeasured> {
  requireLinux();
  await using undo = new AsyncDisposableStack();
  const cores = undo.adopt(await divideCores(), ({ release }) => release());
  const load = undo.use(new LoadProcess());
  const { clients } = warmUp;
  const [gameServer] = await load.openSockets({ clients, sourceIps: [LOOPBACK], serverIps: [LOOPBACK] });
  const relays: Relay[] = [];
  const missing: Record<string, string> = {};
  for (const { names, whyNot, start } of ENTRANTS) {
    const wanted = (name: string) => only === undefined || only.includes(name);
    if (!names.some(wanted)) continue;
    const why = whyNot();
    if (why !== undefined) {
      missing[names[0]] = why;
      continue;
    }
    progress(`${names[0]} starts`);
    const folder = undo.use(await TemporaryFolder.open());
    const started = await start({ folder: folder.path, gameServer, clients, within: cores.relay }, load, undo);
    relays.push(...started.filter(({ name }) => wanted(name)));
  }
  const measured: LoadRounds[] = [];
  await letIn(load, relays, clients);
  await measureRounds(load, relays, warmUp, 1, progress);
  for (const each of loads) {
    // Some let clients in only for a time, as TURN does.
    await letIn(load, relays, clients);
    measured.push({ load: each, rounds: await measureRounds(load, relays, each, each.rounds, progress) });
  }
  return { layout: cores.layout, loads: measured, missing };
}

/**
 * Ends the measurement unless this is Linux.
 * @throws {BenchError} `ERR_BENCH_MISSING`
 */
export function requireLinux(): void {
  if (process.platform === 'linux') return;
  throw new BenchError('ERR_BENCH_MISSING', `CPU time is read from Linux's /proc; this is ${process.platform}`);
}

/** Has each relay let its clients in. */
export async function letIn(load: LoadProcess, relays: readonly Relay[], clients: number): Promise<void> {
  for (const { name, target, lines } of relays) {
    const { open } = await load.open({ name, ...target, clients });
    if (open === clients) continue;
    throw new BenchError('ERR_BENCH_RELAY', `${name} has let in ${open} of ${clients} clients; ${lastWords(lines)}`);
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
