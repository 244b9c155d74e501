import type { Endpoint } from '@lightspeed/wire';
import { BenchError } from '../bench-error.ts';
import type { LoadProcess } from '../load/load-process.ts';
import type { Peer } from '../peers/catalogue.ts';
import type { ControlCostPlan } from './control-cost.ts';
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

/** A relay that takes part. */
export interface Entrant {
  readonly relay: RelayUnderTest;
  /** Takes part in the search of the highest rate. */
  readonly searched: boolean;
}

export interface EntrantsPlan {
  readonly load: LoadProcess;
  readonly cores: Cores;
  readonly gameServer: Endpoint;
  /** Every relay has exactly so many. */
  readonly clients: number;
  /** Our own forms: all of them, or those that peers are compared with. */
  readonly allForms: boolean;
  readonly peers: readonly Peer[];
  /** How long control connections are measured. */
  readonly control: ControlCostPlan;
  readonly progress: (text: string) => void;
}

/** The relays for one number of clients, each in a process of its own, ready for load. */
export class Entrants implements AsyncDisposable {
  readonly all: Entrant[] = [];
  /** CPU time per second of the control connections of our node's clients: those of all of its forms are alike. */
  controlNsPerSecond = NaN;
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
    const { gameServer, clients, allForms, peers, control, progress } = this.#plan;
    this.#add({
      name: DIRECT,
      command: '',
      target: { name: DIRECT, framing: { kind: 'plain' }, address: gameServer },
      pids: [],
      shares: 1,
      logTail: () => '',
      stop: async () => undefined,
    });
    const node = await this.#startNode(OURS, 'batch', 1);
    progress(`${OURS}: what control connections of ${clients} clients cost`);
    const controlNsPerSecond = await node.measureControlNsPerSecond(control);
    this.controlNsPerSecond = controlNsPerSecond;
    const portable = await this.#startNode(OURS_PORTABLE, 'portable', 1);
    await portable.hangUp();
    this.#add(node.spokenTo(OURS, 0, controlNsPerSecond));
    this.#add(node.spokenTo(OURS_FEC, GROUP_SIZE, controlNsPerSecond), false);
    this.#add(portable.spokenTo(OURS_PORTABLE, 0, controlNsPerSecond));
    if (allForms && clients > 1) {
      const twoWorkers = await this.#startNode(OURS_TWO_WORKERS, 'batch', 2);
      await twoWorkers.hangUp();
      this.#add(twoWorkers.spokenTo(OURS_TWO_WORKERS, 0, controlNsPerSecond));
    }
    for (const peer of peers) await this.#startPeer(peer);
    await this.letIn();
  }

  /** Has each relay let its clients in, again where that lasts only for a time, as with TURN: to be called before every load. */
  async letIn(): Promise<void> {
    for (const { relay } of this.all) await this.#open(relay);
  }

  #add(relay: RelayUnderTest, searched = true): void {
    this.all.push({ relay, searched });
  }

  async #startNode(name: string, io: 'batch' | 'portable', workers: number): Promise<OurNode> {
    const { load, cores, gameServer, clients, progress } = this.#plan;
    const within = workers === 1 ? cores.relay : cores.allCores;
    const node = await OurNode.start({ name, io, workers, gameServer, clients, within }, load, progress);
    this.#undo.defer(() => node.stop());
    return node;
  }

  async #startPeer(peer: Peer): Promise<void> {
    const { cores, gameServer, clients, progress } = this.#plan;
    progress(`${peer.name} starts`);
    const folder = this.#undo.use(await TemporaryFolder.open());
    const relay = await peer.start({ folder: folder.path, gameServer, clients, within: peer.workers === 1 ? cores.relay : cores.allCores });
    this.#undo.defer(() => relay.stop());
    this.#add(relay, peer.searched);
  }

  async #open(relay: RelayUnderTest): Promise<void> {
    const { clients } = this.#plan;
    this.#plan.progress(`${relay.name} lets ${clients} clients in`);
    const open = await (relay.load ?? this.#plan.load).open({ ...relay.target, clients });
    if (open === clients) return;
    throw new BenchError('ERR_BENCH_RELAY', `${relay.name} has let in ${open} of ${clients} clients; ${lastWords(relay)}`);
  }
}
