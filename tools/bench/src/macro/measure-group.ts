import { LOOPBACK } from '@lightspeed/lab';
import { LoadProcess } from '../load/load-process.ts';
import { peersFor } from '../peers/present-peers.ts';
import type { Peer } from '../peers/catalogue.ts';
import type { Cores } from './cores.ts';
import { Entrants } from './entrants.ts';
import { searchHighestRates } from './highest-rate.ts';
import type { ControlCost, HighestRate, LoadData } from './macro-data.ts';
import type { ClientGroup, MacroPlan } from './plan.ts';
import { relayRows } from './relay-rows.ts';
import { measureRounds } from './rounds.ts';

/** A node lets in so many clients of one address. */
const CLIENTS_PER_ADDRESS = 200;

export interface GroupContext {
  readonly plan: Pick<MacroPlan, 'control' | 'warmUp'>;
  readonly cores: Cores;
  readonly allForms: boolean;
  readonly peers: readonly Peer[];
  readonly progress: (text: string) => void;
}

export interface GroupData {
  /** Who took part, and how it was started. */
  readonly commands: ReadonlyMap<string, string>;
  readonly control: ControlCost;
  readonly loads: readonly LoadData[];
  readonly highest: readonly HighestRate[];
}

/**
 * Starts all relays and a load generator for one number of clients, measures what is to be measured with it, and stops them.
 * No relay has more clients than the load has: their sessions, flows and sockets are what the others need not look after.
 */
export async function measureGroup({ clients, loads, search }: ClientGroup, context: GroupContext): Promise<GroupData> {
  const { plan, peers, progress } = context;
  await using undo = new AsyncDisposableStack();
  const load = undo.adopt(new LoadProcess([]), (process) => process.stop());
  const sourceIps = Array.from({ length: Math.ceil(clients / CLIENTS_PER_ADDRESS) }, (_, index) => LOOPBACK + index);
  const { gameServer } = await load.openSockets(clients, sourceIps, LOOPBACK);
  const { control, warmUp } = plan;
  const entrants = undo.use(await Entrants.start({ ...context, load, gameServer, clients, control, peers: peersFor(clients, peers) }));
  const relays = entrants.all.map(({ relay }) => relay);
  await measureRounds(load, relays, { ...warmUp, clients }, 1, progress);
  const measured: LoadData[] = [];
  for (const each of loads) {
    await entrants.letIn();
    measured.push({ plan: each, rows: relayRows(await measureRounds(load, relays, each, each.rounds, progress)) });
  }
  await entrants.letIn();
  const searched = entrants.all.filter((entrant) => entrant.searched).map(({ relay }) => relay);
  return {
    commands: new Map(relays.map(({ name, command }) => [name, command])),
    control: { clients, usPerSecond: entrants.controlNsPerSecond / 1_000 },
    loads: measured,
    highest: search === undefined ? [] : await searchHighestRates(load, searched, search, progress),
  };
}
