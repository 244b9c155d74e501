import type { Endpoint } from '@lightspeed/wire';
import { BenchError } from '../bench-error.ts';
import type { LoadProcess } from '../load/load-process.ts';
import { PEERS } from '../peers/catalogue.ts';
import type { Peer } from '../peers/catalogue.ts';
import type { Cores } from './cores.ts';
import { OurNode } from './our-node.ts';
import { lastWords } from './relay-under-test.ts';
import type { RelayUnderTest } from './relay-under-test.ts';
import { TemporaryFolder } from './temporary-folder.ts';

/** The game server's echo without any relay: what load generator and kernel take by themselves. */
export const DIRECT = 'no relay';
export const OURS = 'LightSpeed';
export const OURS_FEC = 'LightSpeed, v2 K=4';
export const OURS_PORTABLE = 'LightSpeed, portable';
export const OURS_TWO_WORKERS = 'LightSpeed, 2 workers';

/** FEC of the version 2 rows: a parity for every four packets, both ways. */
const GROUP_SIZE = 4;

/** Our own relays, for the report. All of them register clients over QUIC, with tickets, and look at limits for every packet. */
export const OUR_FORMS: readonly { readonly name: string; readonly about: string }[] = [
  { name: OURS, about: 'one worker, batched system calls, packets of version 1' },
  { name: OURS_FEC, about: 'the same process; packets of version 2, a parity packet for every four, both ways' },
  { name: OURS_PORTABLE, about: 'one worker over `node:dgram`, version 1' },
  { name: OURS_TWO_WORKERS, about: 'two workers, batched system calls, version 1' },
];

/** A relay that takes part, and with how many clients it can. */
export interface Entrant {
  readonly relay: RelayUnderTest;
  readonly leastClients: number;
  readonly mostClients: number;
  /** Takes part in the search of the highest rate. */
  readonly searched: boolean;
}

export interface EntrantsPlan {
  readonly load: LoadProcess;
  readonly cores: Cores;
  readonly gameServer: Endpoint;
  readonly clients: number;
  /** Our own forms: all of them, or those that peers are compared with. */
  readonly allForms: boolean;
  /** Names of those that take part, if they are installed. */
  readonly peers: readonly string[];
  readonly progress: (text: string) => void;
}

/** All relays of a run, each in a process of its own, ready for load. */
export class Entrants implements AsyncDisposable {
  readonly all: Entrant[] = [];
  /** Peers that are not installed, or cannot run here, and why. */
  readonly missing: { readonly name: string; readonly why: string }[] = [];
  /** CPU time per second of a client of ours that is registered and connected and sends nothing. */
  idleNsPerSecond = NaN;
  readonly #plan: EntrantsPlan;
  readonly #undo = new AsyncDisposableStack();

  private constructor(plan: EntrantsPlan) {
    this.#plan = plan;
  }

  static async start(plan: EntrantsPlan): Promise<Entrants> {
    const entrants = new Entrants(plan);
    try {
      await entrants.#start();
      return entrants;
    } catch (error) {
      await entrants[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo.disposeAsync();
  }

  async #start(): Promise<void> {
    const { gameServer, clients, allForms, peers } = this.#plan;
    this.#add({
      name: DIRECT,
      command: '',
      target: { name: DIRECT, framing: { kind: 'plain' }, address: gameServer },
      pids: [],
      shares: 1,
      logTail: () => '',
      stop: async () => undefined,
    });
    const node = await this.#startNode(OURS, 'batch', 1, clients);
    const measuringIdle = node.measureIdleNsPerSecond();
    // Others may fail to start before anybody waits for it.
    measuringIdle.catch(() => undefined);
    const portable = await this.#startNode(OURS_PORTABLE, 'portable', 1, clients);
    const twoWorkers = allForms ? await this.#startNode(OURS_TWO_WORKERS, 'batch', 2, clients) : undefined;
    const idle = await measuringIdle;
    this.idleNsPerSecond = idle;
    for (const each of [node, portable, twoWorkers]) await each?.hangUp();
    this.#add(node.spokenTo(OURS, 0, idle));
    this.#add(node.spokenTo(OURS_FEC, GROUP_SIZE, idle), { searched: false });
    this.#add(portable.spokenTo(OURS_PORTABLE, 0, idle));
    if (twoWorkers !== undefined) this.#add(twoWorkers.spokenTo(OURS_TWO_WORKERS, 0, idle), { leastClients: 2 });
    for (const peer of PEERS) if (peers.includes(peer.name)) await this.#startPeer(peer);
    for (const { relay, mostClients } of this.all) await this.#open(relay, Math.min(clients, mostClients));
  }

  #add(relay: RelayUnderTest, limits: Partial<Entrant> = {}): void {
    this.all.push({ relay, leastClients: 1, mostClients: Infinity, searched: true, ...limits });
  }

  async #startNode(name: string, io: 'batch' | 'portable', workers: number, clients: number): Promise<OurNode> {
    const { load, cores, gameServer, progress } = this.#plan;
    const within = workers === 1 ? cores.relay : cores.allCores;
    const node = await OurNode.start({ name, io, workers, gameServer, clients, within }, load, progress);
    this.#undo.defer(() => node.stop());
    return node;
  }

  async #startPeer(peer: Peer): Promise<void> {
    const { cores, gameServer, clients, progress } = this.#plan;
    const why = await peer.whyNot();
    if (why !== undefined) {
      this.missing.push({ name: peer.name, why });
      return;
    }
    progress(`${peer.name} starts`);
    const folder = this.#undo.use(await TemporaryFolder.open());
    const relay = await peer.start({ folder: folder.path, gameServer, clients, within: peer.workers === 1 ? cores.relay : cores.allCores });
    this.#undo.defer(() => relay.stop());
    const { leastClients = 1, mostClients = Infinity, searched } = peer;
    this.#add(relay, { leastClients, mostClients, searched });
  }

  async #open(relay: RelayUnderTest, clients: number): Promise<void> {
    this.#plan.progress(`${relay.name} lets ${clients} clients in`);
    const open = await (relay.load ?? this.#plan.load).open({ ...relay.target, clients });
    if (open === clients) return;
    throw new BenchError('ERR_BENCH_RELAY', `${relay.name} has let in ${open} of ${clients} clients; ${lastWords(relay)}`);
  }
}
