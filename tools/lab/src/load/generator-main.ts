import { FEC_BLOCK_BYTES, FecMemory } from '@lightspeed/fec';
import { chooseEngine, createEngine } from '@lightspeed/udp';
import type { DatagramSocket } from '@lightspeed/udp';
import type { Endpoint } from '@lightspeed/wire';
import { answerParent } from '../child-program.ts';
import { sumOf } from '../figures.ts';
import { Framing, HeaderFraming } from './framing.ts';
import type { FramingPlan } from './framing.ts';
import { LstpFraming, lstpSessions } from './lstp-framing.ts';
import type { LstpSessions } from './lstp-framing.ts';
import { openingRun } from './opening-run.ts';
import type { RegisteredSession } from './registrant.ts';
import { Schedule } from './schedule.ts';
import type { WindowPlan } from './schedule.ts';
import { TurnFraming } from './turn-framing.ts';
import { GAME_SERVER, WindowRun } from './window-run.ts';

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
function createGenerator() {
  const engine = createEngine(chooseEngine('auto').kind, { reserveBytes: PACKETS_BYTES + OPENING_BYTES + FEC_BLOCKS * FEC_BLOCK_BYTES });
  const { memory: arena, reserve } = engine.arena;
  const openingPlace = reserve.start + PACKETS_BYTES;
  const blocks = openingPlace + OPENING_BYTES;
  const memory = new FecMemory(arena, blocks, reserve.start + reserve.lengthBytes - blocks);
  const sessions = new Map<string, LstpSessions>();
  const framings = new Map<string, Framing>();
  const clientSockets: DatagramSocket[] = [];
  const servers: DatagramSocket[] = [];
  let windows = 0;

  const addresses = (): readonly Endpoint[] => servers.map(({ localIp: ip, localPort: port }) => ({ ip, port }));
  const makeFraming = (framing: FramingPlan): Framing => {
    const { bytes } = memory;
    const clients = clientSockets.length;
    if (framing.kind === 'plain') return new Framing();
    if (framing.kind === 'header') return new HeaderFraming(bytes, clients);
    if (framing.kind === 'turn') return new TurnFraming(bytes, clients, addresses()[0]);
    const { groupSize, registrations } = framing;
    const found = registrations === undefined ? lstpSessions(clients) : sessions.get(registrations);
    if (found === undefined) throw new Error(`there are no sessions called ${registrations}`);
    return new LstpFraming(bytes, found, addresses(), groupSize === 0 ? undefined : { memory, groupSize });
  };
  const framingOf = (target: LoadTarget): Framing => {
    const framing = framings.get(target.name) ?? makeFraming(target.framing);
    framings.set(target.name, framing);
    return framing;
  };
  /** Datagrams that the kernel dropped in front of these sockets, or did not take. */
  const ownDrops = () => {
    const { counters } = engine;
    const refused = counters.get('send_would_block') + counters.get('send_no_buffers') + counters.get('send_failed');
    return refused + sumOf([...clientSockets, ...servers], (socket) => socket.kernelDrops());
  };

  return {
    /** @returns the addresses of the game servers. */
    openSockets: async ({ clients, sourceIps, serverIps }: SocketsPlan) => {
      const open = async (ip: number, tag: number) => Object.assign(await engine.open({ ip, port: 0 }), { tag });
      for (const ip of serverIps) servers.push(await open(ip, GAME_SERVER));
      for (let client = 0; client < clients; client++) clientSockets.push(await open(sourceIps[client % sourceIps.length], client));
      return addresses();
    },
    /** Tells it of sessions at a node, by a name for framings of kind `lstp`. */
    takeSessions: (name: string, registered: readonly RegisteredSession[]) => {
      sessions.set(name, lstpSessions(registered.length, registered));
    },
    /** Has all clients of a target let in, again where that lasts only for a time, so many a second at most. */
    open: async (target: LoadTarget, perSecond = 1_000_000) => {
      const framing = framingOf(target);
      framing.renew();
      const sockets = clientSockets.slice(0, target.clients);
      const run = openingRun({ engine, framing, relay: target.address, sockets, place: openingPlace }, perSecond);
      if (run.result().open < sockets.length) await engine.run(run.handler);
      return run.result();
    },
    /** Runs a window of load. */
    window: async (target: LoadTarget, plan: WindowPlan) => {
      const sockets = clientSockets.slice(0, target.clients);
      // The relay's sockets are under the same limits of the system as these.
      const maxUnanswered = plan.careful === true ? Math.floor(sockets[0].receiveBufferBytes / BUFFER_BYTES_PER_PACKET) : undefined;
      const schedule = new Schedule({ ...plan, clients: target.clients });
      const how = { schedule, bufferBytes: PACKETS_BYTES, timeoutMs: plan.timeoutMs, maxUnanswered };
      const run = new WindowRun({ engine, window: ++windows, framing: framingOf(target), relay: target.address, sockets, ...how });
      const dropsBefore = ownDrops();
      await engine.run(run);
      return run.result(ownDrops() - dropsBefore);
    },
  };
}

/** What the process of the load generator does. */
export type Generator = ReturnType<typeof createGenerator>;

answerParent(createGenerator());
