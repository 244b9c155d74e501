import { FEC_BLOCK_BYTES, FecEncoder, FecMemory } from '@lightspeed/fec';
import { RELAY_COUNTERS_BYTES } from '@lightspeed/session';
import type { DatagramEngine } from '@lightspeed/udp';
import { UDP_COUNTERS_BYTES } from '@lightspeed/udp';
import type { Dialect } from '@lightspeed/wire';
import { FLAG_HANDSHAKE, HEADER_BYTES, VERSION_FEC, VERSION_PLAIN, fecHeaderBytes, readToken } from '@lightspeed/wire';
import { writeFecExtension, writeHeader } from '@lightspeed/wire';
import { DataPlane } from './data-plane.ts';
import { IdleEngine } from './idle-engine.ts';
import type { WorkerStart } from './messages.ts';
import { claimsMemory } from './session-claims.ts';
import { sessionQuotaMemory } from './session-quota.ts';

/** V8 compiles the packet path after some ten thousand packets. */
const ROUNDS = 700;
const LONGEST_MS = 200;

const CLIENTS = 4;
const GROUP_SIZE = 4;
const PAYLOAD_BYTES = 100;
/** Where synthetic packets lie in the arena, with headroom in front. */
const FIRST_OFFSET = 64;
const STRIDE_BYTES = 1_024;
/** Where their parity is made: behind them, in the slots. */
const PARITY_START = FIRST_OFFSET + (GROUP_SIZE + 1) * STRIDE_BYTES;
const PARITY_BYTES = 2 * FEC_BLOCK_BYTES;
const CLIENT_IP = 0x0a000001;
const SERVER_IP = 0x01020304;
const SERVER_PORT = 27_015;
const FIRST_PORT = 50_000;

/**
 * Runs a data plane of its own over synthetic packets, both ways and both versions, with losses that parity brings back,
 * so that V8 has compiled the packet path before the first client's packet comes.
 *
 * @param engine whose arena is used as scratch memory: call it before the engine runs.
 * @returns milliseconds it took.
 */
export function warmUp(engine: DatagramEngine, start: WorkerStart): number {
  const beganMs = performance.now();
  const rehearsal = new Rehearsal(engine, start);
  for (let round = 0; round < ROUNDS && performance.now() - beganMs < LONGEST_MS; round++) rehearsal.play(round);
  return performance.now() - beganMs;
}

class Rehearsal {
  readonly #engine: IdleEngine;
  readonly #dataPlane: DataPlane;
  readonly #bytes: Uint8Array;
  readonly #dialect: Dialect;
  readonly #tokens: number[] = [];
  readonly #sequences = new Uint16Array(CLIENTS);
  readonly #payload = new Uint8Array(PAYLOAD_BYTES).fill(7);
  readonly #parity: Uint8Array;
  #queued = 0;

  constructor(engine: DatagramEngine, start: WorkerStart) {
    const idle = new IdleEngine(engine.arena);
    this.#engine = idle;
    this.#bytes = engine.arena.bytes;
    this.#dialect = start.relay.dialect;
    // In the arena, like the parity of the data plane: V8 compiles for one kernel, and one kernel belongs to one memory.
    this.#parity = parityOf(new FecMemory(engine.arena.memory, PARITY_START, PARITY_BYTES), this.#payload);
    this.#dataPlane = new DataPlane(idle, idle.openNow(), null, rehearsalOf(start), nothing, nothing);
    for (let client = 0; client < CLIENTS; client++) {
      this.#write(client, VERSION_PLAIN, FLAG_HANDSHAKE, 0);
      this.#queue(HEADER_BYTES, CLIENT_IP, FIRST_PORT + client);
      this.#forwardToOwner(0);
      this.#tokens[client] = readToken(this.#bytes, idle.lastSentOffset);
    }
  }

  play(round: number): void {
    const engine = this.#engine;
    engine.clockUs = (engine.clockUs + 2_000) | 0;
    engine.clockMs = (engine.clockMs + 2) | 0;
    for (let client = 0; client < CLIENTS; client++) {
      if (client % 2 === 0) this.#queuePlain(client);
      else this.#queueGroup(client, round);
      this.#forwardToOwner(0);
      const egress = client + 1;
      if (egress < engine.sockets.length) this.#answer(egress);
    }
    if (round % 8 === 0) this.#dataPlane.onTick();
  }

  #queuePlain(client: number): void {
    for (let packet = 0; packet <= GROUP_SIZE; packet++) {
      const offset = this.#write(client, VERSION_PLAIN, 0, this.#tokens[client]);
      this.#bytes.set(this.#payload, offset + HEADER_BYTES);
      this.#queue(HEADER_BYTES + PAYLOAD_BYTES, CLIENT_IP, FIRST_PORT + client);
    }
  }

  /** A group with its parity; in every other round one of its packets is lost. */
  #queueGroup(client: number, round: number): void {
    const headerBytes = fecHeaderBytes(this.#dialect);
    for (let index = 0; index <= GROUP_SIZE; index++) {
      const payload = index < GROUP_SIZE ? this.#payload : this.#parity;
      const offset = this.#write(client, VERSION_FEC, 0, this.#tokens[client]);
      writeFecExtension(this.#bytes, offset, this.#dialect, round & 0xffff, index, GROUP_SIZE);
      this.#bytes.set(payload, offset + headerBytes);
      const lost = round % 2 === 1 && index === round % GROUP_SIZE;
      if (!lost) this.#queue(headerBytes + payload.length, CLIENT_IP, FIRST_PORT + client);
    }
  }

  #answer(egress: number): void {
    for (let datagram = 0; datagram < GROUP_SIZE; datagram++) {
      this.#bytes.set(this.#payload, this.#nextOffset());
      this.#queue(PAYLOAD_BYTES, SERVER_IP, SERVER_PORT);
    }
    this.#forwardToOwner(egress);
  }

  #nextOffset(): number {
    return FIRST_OFFSET + this.#queued * STRIDE_BYTES;
  }

  /** Writes the next packet's header. @returns where it lies. */
  #write(client: number, version: number, flags: number, token: number): number {
    const offset = this.#nextOffset();
    const port = FIRST_PORT + client;
    const sequence = this.#sequences[client]++;
    const { clockUs } = this.#engine;
    writeHeader(this.#bytes, offset, version, flags, token, sequence, clockUs, CLIENT_IP, port, SERVER_IP, SERVER_PORT);
    return offset;
  }

  #queue(length: number, ip: number, port: number): void {
    const { offsets, lengths, ips, ports } = this.#engine.received;
    offsets[this.#queued] = this.#nextOffset();
    lengths[this.#queued] = length;
    ips[this.#queued] = ip;
    ports[this.#queued] = port;
    this.#queued++;
  }

  #forwardToOwner(socket: number): void {
    this.#dataPlane.onDatagrams(this.#engine.sockets[socket], this.#queued);
    this.#dataPlane.onSent();
    this.#queued = 0;
  }
}

/** The same relay, but open to the rehearsal's clients, without limits that they would hit, and counting for itself. */
function rehearsalOf(start: WorkerStart): WorkerStart {
  return {
    ...start,
    index: 0,
    workers: 1,
    relay: {
      ...start.relay,
      admission: 'open',
      maxClients: CLIENTS,
      maxSessionsPerAddress: CLIENTS,
      maxPpsPerClient: 1_000_000,
      maxBpsPerClient: 1_000_000_000,
    },
    policy: { allow: [], onlyAllowed: false, deny: [], ownAddresses: [] },
    egress: { ...start.egress, ports: undefined },
    bans: [],
    registrations: [],
    snapshots: [],
    shared: {
      relayCounters: new SharedArrayBuffer(RELAY_COUNTERS_BYTES),
      udpCounters: new SharedArrayBuffer(UDP_COUNTERS_BYTES),
      sessions: sessionQuotaMemory(1),
      claims: claimsMemory(0),
      fdLedger: undefined,
    },
  };
}

/** The parity of a group whose packets all have this payload. */
function parityOf(memory: FecMemory, payload: Uint8Array): Uint8Array {
  const encoder = new FecEncoder(GROUP_SIZE, { memory });
  let parity: Uint8Array | undefined;
  while (parity === undefined) parity = encoder.addPacket(payload);
  return parity;
}

function nothing(): void {
  // The rehearsal has no main thread to talk to.
}
