import { BenchError } from '../bench-error.ts';
import { PAYLOAD_BYTES } from '../load/payload.ts';
import { PEERS } from '../peers/catalogue.ts';
import { presentPeers } from '../peers/present-peers.ts';
import { judgeClaims } from './claims.ts';
import { divideCores } from './cores.ts';
import { DIRECT, OUR_FORMS } from './entrants.ts';
import type { MacroData } from './macro-data.ts';
import { measureGroup } from './measure-group.ts';
import type { GroupData } from './measure-group.ts';
import { groupsOf } from './plan.ts';
import type { MacroPlan } from './plan.ts';
import { measureWorkerScaling } from './worker-scaling.ts';

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
  const { present, missing } = await presentPeers(peers ? plan.peers : []);
  const groups: GroupData[] = [];
  for (const group of groupsOf(plan)) groups.push(await measureGroup(group, { plan, cores, allForms, peers: present, progress }));
  const loads = groups.flatMap((group) => group.loads);
  const highest = groups.flatMap((group) => group.highest);
  const workers = plan.scaling === undefined || !allForms ? undefined : await measureWorkerScaling(plan.scaling, cores, progress);
  return {
    layout: cores.layout,
    payloadBytes: PAYLOAD_BYTES,
    relays: await describe(groups),
    missing,
    control: groups.map(({ control }) => control),
    loads,
    highest,
    workers,
    claims: judgeClaims({ loads, highest, workers }),
  };
}

/** Whoever took part with any number of clients, in the order of the tables. */
async function describe(groups: readonly GroupData[]): Promise<MacroData['relays']> {
  const commands = new Map(groups.flatMap((group) => [...group.commands]));
  const known = [
    { name: DIRECT, about: 'the load generator asks its own game server: what it adds to every latency', version: async () => '' },
    ...OUR_FORMS.map((form) => ({ ...form, version: async () => 'this checkout' })),
    ...PEERS,
  ];
  const taking = known.filter(({ name }) => commands.has(name));
  return Promise.all(
    taking.map(async ({ name, about, version }) => ({ name, about, version: await version(), command: commands.get(name) ?? '' })),
  );
}
