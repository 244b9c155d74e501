import { FEC_BLOCK_BYTES, FecMemory } from '@lightspeed/fec';
import { chooseEngine, createEngine } from '@lightspeed/udp';
import type { DatagramEngine, DatagramSocket } from '@lightspeed/udp';
import type { Endpoint } from '@lightspeed/wire';
import { answerParent } from '../child-program.ts';
import { Framing, HeaderFraming } from './framing.ts';
import type { FramingPlan } from './framing.ts';
import { LstpFraming, LstpSessions } from './lstp-framing.ts';
import { OpeningRun } from './opening-run.ts';
import type { OpenResult } from './opening-run.ts';
import type { RegisteredSession } from './registrant.ts';
import { Schedule } from './schedule.ts';
import type { WindowPlan } from './schedule.ts';
import { TurnFraming } from './turn-framing.ts';
import { GAME_SERVER, WindowRun } from './window-run.ts';
import type { WindowResult } from './window-run.ts';

/** Which sockets the load generator opens: clients take turns in the source addresses, and in the servers. */
export interface SocketsPlan {
  readonly clients: number;
  readonly sourceIps: readonly number[];
  /** The addresses of the game servers, each of which echoes. */
  readonly serverIps: readonly number[];
}

/** A relay as clients see it. */
export interface LoadTarget {
  /** Targets are told apart by this. */
  readonly name: string;
  readonly framing: FramingPlan;
  readonly address: Endpoint;
  /** How many of the clients take part. */
  readonly clients: number;
}

const PACKETS_BYTES = 256 * 1_024;
/** Blocks for parity: one open group for each of a thousand clients, and what is on its way to the kernel. */
const FEC_BLOCKS = 1_400;
const OPENING_BYTES = 1_024;
/** Of a socket's buffer per packet that may be unanswered: half of what the kernel takes for a small one. */
const BUFFER_BYTES_PER_PACKET = 2_048;

/**
 * Clients and game servers on sockets of one engine: opens sessions and runs windows of load, one after another. It keeps
 * a core busy while a window runs.
 */
export class Generator {
  readonly #engine: DatagramEngine = createEngine(chooseEngine('auto').kind, {
    reserveBytes: PACKETS_BYTES + OPENING_BYTES + FEC_BLOCKS * FEC_BLOCK_BYTES,
  });
  readonly #memory: FecMemory;
  readonly #openingPlace: number;
  readonly #sockets: DatagramSocket[] = [];
  readonly #sessions = new Map<string, LstpSessions>();
  readonly #framings = new Map<string, Framing>();
  readonly #servers: DatagramSocket[] = [];
  #windows = 0;

  constructor() {
    const { memory, reserve } = this.#engine.arena;
    this.#openingPlace = reserve.start + PACKETS_BYTES;
    const blocks = this.#openingPlace + OPENING_BYTES;
    this.#memory = new FecMemory(memory, blocks, reserve.start + reserve.lengthBytes - blocks);
  }

  /** @returns the addresses of the game servers. */
  async openSockets({ clients, sourceIps, serverIps }: SocketsPlan): Promise<readonly Endpoint[]> {
    for (const ip of serverIps) {
      const server = await this.#engine.open({ ip, port: 0 });
      server.tag = GAME_SERVER;
      this.#servers.push(server);
    }
    for (let client = 0; client < clients; client++) {
      const socket = await this.#engine.open({ ip: sourceIps[client % sourceIps.length], port: 0 });
      socket.tag = client;
      this.#sockets.push(socket);
    }
    return this.#servers.map(({ localIp: ip, localPort: port }) => ({ ip, port }));
  }

  /** Tells it of sessions at a node, by a name for framings of kind `lstp`. */
  takeSessions(name: string, registered: readonly RegisteredSession[]): void {
    this.#sessions.set(name, new LstpSessions(this.#memory.bytes, registered.length, registered));
  }

  /** Has all clients of a target let in, again where that lasts only for a time, so many a second at most. */
  async open(target: LoadTarget, perSecond = 1_000_000): Promise<OpenResult> {
    const framing = this.#framingOf(target);
    framing.renew();
    const sockets = this.#sockets.slice(0, target.clients);
    const means = { engine: this.#engine, framing, relay: target.address, sockets, place: this.#openingPlace };
    const run = new OpeningRun(means, perSecond);
    if (run.result().open < sockets.length) await this.#engine.run(run);
    return run.result();
  }

  /** Runs a window of load. */
  async window(target: LoadTarget, plan: WindowPlan): Promise<WindowResult> {
    const sockets = this.#sockets.slice(0, target.clients);
    // The relay's sockets are under the same limits of the system as these.
    const maxUnanswered = plan.careful === true ? Math.floor(sockets[0].receiveBufferBytes / BUFFER_BYTES_PER_PACKET) : undefined;
    const run = new WindowRun({
      ...{ engine: this.#engine, window: ++this.#windows, framing: this.#framingOf(target), relay: target.address },
      ...{ sockets, schedule: new Schedule({ ...plan, clients: target.clients }), bufferBytes: PACKETS_BYTES },
      ...{ timeoutMs: plan.timeoutMs, maxUnanswered },
    });
    const dropsBefore = this.#ownDrops();
    await this.#engine.run(run);
    return run.result(this.#ownDrops() - dropsBefore);
  }

  #framingOf(target: LoadTarget): Framing {
    const known = this.#framings.get(target.name);
    if (known !== undefined) return known;
    const made = this.#makeFraming(target.framing);
    this.#framings.set(target.name, made);
    return made;
  }

  #makeFraming(framing: FramingPlan): Framing {
    const { bytes } = this.#memory;
    const clients = this.#sockets.length;
    const servers = this.#servers.map(({ localIp: ip, localPort: port }) => ({ ip, port }));
    if (framing.kind === 'plain') return new Framing();
    if (framing.kind === 'header') return new HeaderFraming(bytes, clients);
    if (framing.kind === 'turn') return new TurnFraming(bytes, clients, servers[0]);
    const { groupSize, registrations } = framing;
    const sessions = registrations === undefined ? new LstpSessions(bytes, clients) : this.#sessions.get(registrations);
    if (sessions === undefined) throw new Error(`there are no sessions called ${registrations}`);
    return new LstpFraming(bytes, sessions, servers, groupSize === 0 ? undefined : { memory: this.#memory, groupSize });
  }

  /** Datagrams that the kernel dropped in front of these sockets, or did not take. */
  #ownDrops(): number {
    const { counters } = this.#engine;
    const refused = counters.get('send_would_block') + counters.get('send_no_buffers') + counters.get('send_failed');
    return [...this.#sockets, ...this.#servers].reduce((drops, socket) => drops + socket.kernelDrops(), refused);
  }
}

answerParent(new Generator());
