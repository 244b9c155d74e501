import { FEC_BLOCK_BYTES, FecMemory } from '@lightspeed/fec';
import { LOOPBACK } from '@lightspeed/lab';
import { DestinationPolicy, parseDestinationRule } from '@lightspeed/security';
import { createEngine } from '@lightspeed/udp';
import type { DatagramSocket } from '@lightspeed/udp';
import { FLAG_HANDSHAKE, HEADER_BYTES, VERSION_PLAIN, readToken, writeHeader } from '@lightspeed/wire';
import { benchRelay } from './bench-relay.ts';

const BLOCKS = 256;
const CLIENTS = 16;
const PAYLOAD_BYTES = 120;
const MAX_SOCKETS = 4_096;

const DATA = 1;
const EGRESS = 2;
const SERVER = 3;
const CLIENT = 4;

/** What a run on sockets has carried, and how often its engine has called the kernel. */
export type SocketRun = Readonly<Record<'roundTrips' | 'receives' | 'sends' | 'waits', number>>;

/**
 * Clients, relay and echo server on real sockets of one batch engine in one thread. What is allocated between two looks at
 * the heap was allocated by the packet path, system calls included, for nothing else runs.
 * @param onMark called after so many round trips of warm-up, and again after as many more as are wanted.
 */
export async function relayOnSockets(warmUp: number, wanted: number, onMark: () => void = () => undefined): Promise<SocketRun> {
  const engine = createEngine('batch', { reserveBytes: (BLOCKS + 1) * FEC_BLOCK_BYTES });
  const { memory: arena, reserve, bytes } = engine.arena;
  const memory = new FecMemory(arena, reserve.start, reserve.lengthBytes);
  const request = memory.take();
  const open = async (tag: number) => Object.assign(await engine.open({ ip: LOOPBACK, port: 0 }), { tag });
  const data = await open(DATA);
  const server = await open(SERVER);
  const egress: DatagramSocket[] = [];
  const options = { admission: 'open', maxPpsPerClient: 1e6, maxBpsPerClient: 1e9 } as const;
  const policy = new DestinationPolicy({ allow: [parseDestinationRule('127.0.0.0/8')] });
  const { relay } = benchRelay(options, memory, policy, {
    toClient: (offset, length, { ip, port }) => engine.send(data, offset, length, ip, port),
    toServer: (from, offset, length, ip, port) => engine.send(egress[from], offset, length, ip, port),
    openEgress: () => {
      const socket = engine.openNow({ ip: LOOPBACK, port: 0 });
      if (socket === undefined) return -1;
      socket.tag = EGRESS;
      egress[socket.id] = socket;
      return socket.id;
    },
    egressPort: (socket) => egress[socket].localPort,
    // Nothing here sends more than the engine queues.
    flush: () => undefined,
  });
  const tokens = new Uint8Array(MAX_SOCKETS);
  const sequences = new Uint16Array(MAX_SOCKETS);
  const sendFrom = (socket: DatagramSocket, offset: number, flags: number) => {
    const { id } = socket;
    const sequence = sequences[id]++;
    const port = server.localPort;
    writeHeader(bytes, offset, VERSION_PLAIN, flags, tokens[id], sequence, engine.clockUs, LOOPBACK, 5_000, LOOPBACK, port);
    engine.send(socket, offset, flags === 0 ? HEADER_BYTES + PAYLOAD_BYTES : HEADER_BYTES, LOOPBACK, data.localPort);
  };
  let roundTrips = 0;
  // Any answer is followed by the next question, so each client has one round trip under way.
  const clientHears = (socket: DatagramSocket, offset: number) => {
    tokens[socket.id] = readToken(bytes, offset);
    roundTrips++;
    if (roundTrips === warmUp || roundTrips === warmUp + wanted) onMark();
    if (roundTrips === warmUp + wanted) engine.stop();
    sendFrom(socket, offset, 0);
  };
  const silent: DatagramSocket[] = [];
  for (let client = 0; client < CLIENTS; client++) silent.push(await open(CLIENT));
  await engine.run({
    onDatagrams: (socket, count) => {
      const { offsets, lengths, ips, ports } = engine.received;
      relay.advance(engine.clockMs, engine.clockUs);
      for (let i = 0; i < count; i++) {
        if (socket.tag === DATA) relay.handleClientDatagram(offsets[i], lengths[i], ips[i], ports[i], 0);
        else if (socket.tag === EGRESS) relay.handleServerDatagram(socket.id, offsets[i], lengths[i], ips[i], ports[i]);
        else if (socket.tag === SERVER) engine.send(socket, offsets[i], lengths[i], ips[i], ports[i]);
        else clientHears(socket, offsets[i]);
      }
    },
    onSent: () => relay.sent(),
    onWake: () => undefined,
    onTick: () => {
      // The handshakes are all alike, so they can be sent from the same bytes.
      for (const client of silent.splice(0)) sendFrom(client, request, FLAG_HANDSHAKE);
      relay.advance(engine.clockMs, engine.clockUs);
      return relay.handleTimeout();
    },
  });
  engine.close();
  const { receive_calls, send_calls, wait_calls } = engine.counters.snapshot();
  return { roundTrips, receives: receive_calls, sends: send_calls, waits: wait_calls };
}
