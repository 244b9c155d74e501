import { LOOPBACK } from '@lightspeed/lab';
import { BenchError } from '../bench-error.ts';
import { PAYLOAD_BYTES } from '../load/payload.ts';
import { LoadProcess } from '../load/load-process.ts';
import { PEERS } from '../peers/catalogue.ts';
import { judgeClaims } from './claims.ts';
import { divideCores } from './cores.ts';
import { Entrants, OUR_FORMS } from './entrants.ts';
import type { Entrant } from './entrants.ts';
import { searchHighestRates } from './highest-rate.ts';
import type { LoadData, MacroData } from './macro-data.ts';
import type { MacroPlan } from './plan.ts';
import { relayRows } from './relay-rows.ts';
import { measureRounds } from './rounds.ts';

/** A node lets in so many clients of one address. */
const CLIENTS_PER_ADDRESS = 200;

export interface MacroOptions {
  readonly plan: MacroPlan;
  /** Our own node in all its forms, or in those that peers are compared with. */
  readonly allForms: boolean;
  readonly peers: boolean;
  readonly progress: (text: string) => void;
}

/**
 * Puts relays, each in a process of its own, under the same load one after another, over and over, and reads what they cost.
 * @throws {BenchError} `ERR_BENCH_MISSING` where /proc is not Linux's, `ERR_BENCH_RELAY` if a relay does not answer
 */
export async function measureMacro({ plan, allForms, peers, progress }: MacroOptions): Promise<MacroData> {
  if (process.platform !== 'linux') {
    throw new BenchError('ERR_BENCH_MISSING', `the macro benchmark reads CPU time from Linux's /proc; this is ${process.platform}`);
  }
  await using undo = new AsyncDisposableStack();
  const cores = await divideCores();
  undo.defer(() => cores.release());
  const load = undo.adopt(new LoadProcess([]), (process) => process.stop());
  const sourceIps = Array.from({ length: Math.ceil(plan.clients / CLIENTS_PER_ADDRESS) }, (_, index) => LOOPBACK + index);
  const { gameServer } = await load.openSockets(plan.clients, sourceIps, LOOPBACK);
  const entrants = undo.use(await Entrants.start({ load, cores, gameServer, clients: plan.clients, allForms, peers: peers ? plan.peers : [], progress }));

  const taking = (clients: number, all: readonly Entrant[] = entrants.all) => {
    return all.filter(({ leastClients, mostClients }) => leastClients <= clients && clients <= mostClients).map(({ relay }) => relay);
  };
  const loads: LoadData[] = [];
  let warm = -1;
  for (const each of plan.loads) {
    const relays = taking(each.clients);
    if (each.clients !== warm) await measureRounds(load, relays, { ...plan.warmUp, clients: each.clients }, 1, progress);
    warm = each.clients;
    loads.push({ plan: each, rows: relayRows(await measureRounds(load, relays, each, each.rounds, progress)) });
  }
  const { search } = plan;
  const searched = entrants.all.filter((entrant) => entrant.searched);
  const highest = search === undefined ? [] : await searchHighestRates(load, taking(search.clients, searched), search, progress);
  return {
    layout: cores.layout,
    payloadBytes: PAYLOAD_BYTES,
    relays: await describe(entrants),
    missing: entrants.missing,
    idleUsPerSecondAndClient: entrants.idleNsPerSecond / 1_000,
    loads,
    highest,
    claims: judgeClaims(loads, highest),
  };
}

async function describe({ all }: Entrants): Promise<MacroData['relays']> {
  return Promise.all(
    all.map(async ({ relay: { name, command } }) => {
      const ours = OUR_FORMS.find((form) => form.name === name);
      const peer = PEERS.find((candidate) => candidate.name === name);
      const about = ours?.about ?? peer?.about ?? 'the load generator asks its own game server: what it adds to every latency';
      return { name, about, version: ours === undefined ? ((await peer?.version()) ?? '') : 'this checkout', command };
    }),
  );
}
