import { FecMemory } from '@lightspeed/fec';
import { DestinationPolicy, PROOF_PACKET_BYTES, encodeProof } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { DEFAULT_RELAY_OPTIONS, RELAY_COUNTERS_BYTES, Relay, RelayCounter, relayCountersIn } from '@lightspeed/session';
import type { RelayOutput } from '@lightspeed/session';
import {
  AddressBook,
  FLAG_HANDSHAKE,
  HEADER_BYTES,
  VERSION_FEC,
  VERSION_PLAIN,
  fecHeaderBytes,
  writeFecExtension,
  writeControlHeader,
  writeHeader,
} from '@lightspeed/wire';
import { xorShift } from './random.ts';

/** Blocks for FEC, and those that any relay has. */
const FEC_BLOCKS = 1_024;
const BLOCKS = 64;
/** Addresses that the built-in policy lets through; nothing is sent there, the output is a counter. */
const FIRST_SERVER_IP = 0x0808_0808;
const SERVER_PORT = 27_015;
const CLIENTS_PER_SERVER = 1_000;
const CLIENTS_PER_ADDRESS = 64;
const PROGRAM_IP = 0x7f00_0001;
const PAYLOAD_BYTES = 120;
const SECRET = new Uint8Array(16).fill(7);

/** How many clients a relay in memory has, and how they are let in. */
export interface MemoryRelayOptions {
  readonly clients: number;
  /** FEC group size, 0 for version 1. */
  readonly groupSize?: number;
  /** Whether clients are registered, each with a token of its own, and open their sessions by proof; else anybody may. */
  readonly registered?: boolean;
}

/**
 * A Relay whose clients, each with a session and a flow, have datagrams that come from memory and go nowhere. That is the
 * relay's own work, without any system call. One round trip is a client's packet to its server and the server's answer
 * back.
 */
export class MemoryRelay implements RelayOutput {
  readonly relay: Relay;
  readonly #memory: FecMemory;
  /** Where packets lie. */
  readonly #slot: number;
  readonly #counters = relayCountersIn(new ArrayBuffer(RELAY_COUNTERS_BYTES));
  readonly #clients: number;
  readonly #groupSize: number;
  readonly #registered: boolean;
  readonly #tokens: Uint8Array;
  readonly #sequences: Uint16Array;
  readonly #groups: Uint16Array;
  readonly #indexes: Uint8Array;
  #nextEgress = 0;
  #nowUs = 1_000_000;
  #nextClient = 0;
  #lastToken = 0;

  constructor({ clients, groupSize = 0, registered = false }: MemoryRelayOptions) {
    this.#memory = FecMemory.allocate(groupSize === 0 ? BLOCKS : FEC_BLOCKS);
    this.#slot = this.#memory.take();
    this.#clients = clients;
    this.#groupSize = groupSize;
    this.#registered = registered;
    this.#tokens = new Uint8Array(clients);
    this.#sequences = new Uint16Array(clients);
    this.#groups = new Uint16Array(clients);
    this.#indexes = new Uint8Array(clients);
    const limits = { maxClients: clients, maxSessionsPerAddress: clients, maxPpsPerUnboundAddress: 1_000_000 };
    this.relay = new Relay(
      { ...DEFAULT_RELAY_OPTIONS, ...limits, ...(registered ? {} : { admission: 'open' }) },
      {
        ...{ memory: this.#memory, policy: new DestinationPolicy(), counters: this.#counters, output: this },
        ...{ addresses: new AddressBook(), random: xorShift(7), hmacSha256 },
      },
    );
    this.relay.advance(1_000, this.#nowUs);
    for (let client = 0; client < clients; client++) this.#openSession(client);
    if (this.relay.flowCount !== clients) throw new Error(`${this.relay.flowCount} of ${clients} flows opened`);
  }

  /** Carries `count` round trips, clients taking turns. Virtual time passes at 60 round trips a second and client. */
  roundTrips(count: number): void {
    const stepUs = Math.max(1, Math.round(1_000_000 / 60 / this.#clients));
    for (let i = 0; i < count; i++) {
      const client = this.#nextClient;
      this.#nextClient = (client + 1) % this.#clients;
      this.#nowUs = (this.#nowUs + stepUs) | 0;
      this.relay.advance((this.#nowUs / 1_000) | 0, this.#nowUs);
      this.#sendFromClient(client);
      // Each client is its server's n-th player, so its flow has the n-th egress socket.
      this.relay.handleServerDatagram(client % CLIENTS_PER_SERVER, this.#slot, PAYLOAD_BYTES, serverIp(client), SERVER_PORT);
      if ((i & 63) === 0) this.relay.handleTimeout();
      this.relay.sent();
    }
  }

  /** Has every client send its last packet again, which the relay refuses as the last thing that it looks at. */
  repeat(): void {
    for (let client = 0; client < this.#clients; client++) {
      this.#sequences[client]--;
      this.#sendFromClient(client);
    }
  }

  /** Payloads that have reached the server, and packets that have reached clients. */
  get carried(): { readonly toServer: number; readonly toClients: number } {
    const { values } = this.#counters;
    return { toServer: values[RelayCounter.serverPacketsSent], toClients: values[RelayCounter.clientPacketsSent] };
  }

  /** Datagrams that were refused: none in a sound benchmark. */
  get dropped(): number {
    const { clientDrops, serverDrops } = this.#counters;
    return clientDrops.reduce((sum, count) => sum + count, 0) + serverDrops.reduce((sum, count) => sum + count, 0);
  }

  toClient(offset: number): void {
    this.#lastToken = this.#memory.bytes[offset + 1];
  }

  toServer(): void {
    // Counted by the relay.
  }

  openEgress(): number {
    return this.#nextEgress++;
  }

  closeEgress(): void {
    // There is no socket.
  }

  egressPort(egress: number): number {
    return 30_000 + (egress % CLIENTS_PER_SERVER);
  }

  forward(): void {
    throw new Error('there is no other relay');
  }

  flush(): void {
    this.relay.sent();
  }

  banned(): void {
    throw new Error('a client of the benchmark was banned');
  }

  #openSession(client: number): void {
    const { bytes } = this.#memory;
    const ip = addressOf(client);
    const token = this.#registered ? 1 + (client % CLIENTS_PER_ADDRESS) : 0;
    writeControlHeader(bytes, this.#slot, FLAG_HANDSHAKE, token, 0, 1);
    if (this.#registered) {
      // All 32 bits are in use, as in ids that nodes hand out; distinct, never 0.
      const sessionId = Math.imul(client + 1, 0x9e37_79b1) >>> 0;
      this.relay.register({ sessionId, prefixHigh: 0, prefixLow: ip, token, dialect: 'standard', secret: SECRET.slice() });
      encodeProof(bytes, this.#slot, sessionId, 1n, SECRET, hmacSha256);
    }
    this.relay.handleClientDatagram(this.#slot, this.#registered ? PROOF_PACKET_BYTES : HEADER_BYTES, ip, portOf(client), 0);
    this.#tokens[client] = this.#lastToken;
    this.#sequences[client] = 1;
    this.#sendFromClient(client);
    this.relay.sent();
  }

  #sendFromClient(client: number): void {
    const { bytes } = this.#memory;
    const size = this.#groupSize;
    const version = size === 0 ? VERSION_PLAIN : VERSION_FEC;
    const [token, sequence] = [this.#tokens[client], this.#sequences[client]++];
    writeHeader(bytes, this.#slot, version, 0, token, sequence, this.#nowUs, PROGRAM_IP, 5_000, serverIp(client), SERVER_PORT);
    if (size > 0) this.#writeGroup(client, size);
    const headerBytes = size === 0 ? HEADER_BYTES : fecHeaderBytes('standard');
    this.relay.handleClientDatagram(this.#slot, headerBytes + PAYLOAD_BYTES, addressOf(client), portOf(client), 0);
  }

  /** Data packets of whole groups; their parity would add nothing, as none is lost. */
  #writeGroup(client: number, size: number): void {
    writeFecExtension(this.#memory.bytes, this.#slot, 'standard', this.#groups[client], this.#indexes[client], size);
    if (++this.#indexes[client] < size) return;
    this.#indexes[client] = 0;
    this.#groups[client]++;
  }
}

function serverIp(client: number): number {
  return FIRST_SERVER_IP + Math.floor(client / CLIENTS_PER_SERVER);
}

function addressOf(client: number): number {
  return 0x0b00_0000 + Math.floor(client / CLIENTS_PER_ADDRESS);
}

function portOf(client: number): number {
  return 4_000 + (client % CLIENTS_PER_ADDRESS);
}

/** Bytes that a registered, idle session takes in its relay, after a collection. Needs `--expose-gc`. */
export function bytesPerRegisteredSession(sessions: number): number {
  const before = usedBytes();
  const populated = new MemoryRelay({ clients: sessions, registered: true });
  const after = usedBytes();
  // Looked at afterwards too, or it might be collected before.
  if (populated.relay.sessionCount !== sessions) throw new Error('sessions are missing');
  return (after - before) / sessions;
}

function usedBytes(): number {
  if (globalThis.gc === undefined) throw new Error('memory can be measured only after a collection: run with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
