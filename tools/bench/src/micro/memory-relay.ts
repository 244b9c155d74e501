import { FecMemory } from '@lightspeed/fec';
import { DestinationPolicy } from '@lightspeed/security';
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
  writeHeader,
} from '@lightspeed/wire';

/** Where packets lie: the content of the memory's first block. */
const SLOT = 128;
const BLOCKS = 1_024;
/** An address that the built-in policy lets through; nothing is sent there, the output is a counter. */
const SERVER_IP = 0x0808_0808;
const SERVER_PORT = 27_015;
const PROGRAM_IP = 0x7f00_0001;

/**
 * A Relay with some clients whose datagrams come from memory and go nowhere: the relay's own work, without any system
 * call. One round trip is a client's packet to its server and the server's answer back.
 */
export class MemoryRelay implements RelayOutput {
  readonly #memory: FecMemory;
  readonly #relay: Relay;
  readonly #counters = relayCountersIn(new ArrayBuffer(RELAY_COUNTERS_BYTES));
  readonly #clients: number;
  readonly #groupSize: number;
  readonly #payloadBytes: number;
  readonly #tokens: Uint8Array;
  readonly #sequences: Uint16Array;
  readonly #groups: Uint16Array;
  readonly #indexes: Uint8Array;
  #nextEgress = 0;
  #nowUs = 1_000_000;
  #nextClient = 0;

  /** @param groupSize FEC group size, 0 for version 1. */
  constructor(clients: number, groupSize: number, payloadBytes: number) {
    this.#memory = FecMemory.allocate(BLOCKS);
    if (this.#memory.take() !== SLOT) throw new Error('the first block is not where it should be');
    this.#clients = clients;
    this.#groupSize = groupSize;
    this.#payloadBytes = payloadBytes;
    this.#tokens = new Uint8Array(clients);
    this.#sequences = new Uint16Array(clients);
    this.#groups = new Uint16Array(clients);
    this.#indexes = new Uint8Array(clients);
    let random = 1;
    this.#relay = new Relay(
      { ...DEFAULT_RELAY_OPTIONS, admission: 'open', maxSessionsPerAddress: clients, maxPpsPerUnboundAddress: 1_000_000 },
      {
        memory: this.#memory,
        addresses: new AddressBook(),
        policy: new DestinationPolicy(),
        counters: this.#counters,
        output: this,
        random: () => (random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0),
      },
    );
    this.#relay.advance(1_000, this.#nowUs);
    for (let client = 0; client < clients; client++) this.#openSession(client);
  }

  /** Carries `count` round trips, clients taking turns. Virtual time passes at 60 round trips a second and client. */
  roundTrips(count: number): void {
    const stepUs = Math.max(1, Math.round(1_000_000 / 60 / this.#clients));
    for (let i = 0; i < count; i++) {
      const client = this.#nextClient;
      this.#nextClient = (client + 1) % this.#clients;
      this.#nowUs = (this.#nowUs + stepUs) | 0;
      this.#relay.advance((this.#nowUs / 1_000) | 0, this.#nowUs);
      this.#sendFromClient(client);
      // Each client is its server's n-th player, so its flow has the n-th egress socket.
      this.#relay.handleServerDatagram(client, SLOT, this.#payloadBytes, SERVER_IP, SERVER_PORT);
      if ((i & 63) === 0) this.#relay.handleTimeout();
      this.#relay.sent();
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
    return {
      toServer: values[RelayCounter.serverPacketsSent],
      toClients: values[RelayCounter.clientPacketsSent],
    };
  }

  /** Datagrams that were refused: none in a sound benchmark. */
  get dropped(): number {
    const { clientDrops, serverDrops } = this.#counters;
    return clientDrops.reduce((sum, count) => sum + count, 0) + serverDrops.reduce((sum, count) => sum + count, 0);
  }

  toClient(offset: number): void {
    this.#lastToken = this.#memory.bytes[offset + 1];
  }
  #lastToken = 0;

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
    return 30_000 + egress;
  }

  forward(): void {
    throw new Error('there is no other relay');
  }

  flush(): void {
    this.#relay.sent();
  }

  banned(): void {
    throw new Error('a client of the benchmark was banned');
  }

  #openSession(client: number): void {
    writeHeader(this.#memory.bytes, SLOT, VERSION_PLAIN, FLAG_HANDSHAKE, 0, 0, 1, 0, 0, 0, 0);
    this.#relay.handleClientDatagram(SLOT, HEADER_BYTES, addressOf(client), 4_000, 0);
    this.#tokens[client] = this.#lastToken;
    this.#sequences[client] = 1;
    this.#sendFromClient(client);
  }

  #sendFromClient(client: number): void {
    const { bytes } = this.#memory;
    const size = this.#groupSize;
    const headerBytes = size === 0 ? HEADER_BYTES : fecHeaderBytes('standard');
    writeHeader(
      bytes,
      SLOT,
      size === 0 ? VERSION_PLAIN : VERSION_FEC,
      0,
      this.#tokens[client],
      this.#sequences[client]++,
      this.#nowUs,
      PROGRAM_IP,
      5_000,
      SERVER_IP,
      SERVER_PORT,
    );
    if (size > 0) this.#writeGroup(client, size);
    this.#relay.handleClientDatagram(SLOT, headerBytes + this.#payloadBytes, addressOf(client), 4_000, 0);
  }

  /** Data packets of whole groups; their parity would add nothing, as none is lost. */
  #writeGroup(client: number, size: number): void {
    writeFecExtension(this.#memory.bytes, SLOT, 'standard', this.#groups[client], this.#indexes[client], size);
    if (++this.#indexes[client] < size) return;
    this.#indexes[client] = 0;
    this.#groups[client]++;
  }
}

function addressOf(client: number): number {
  return 0x0b00_0000 + client;
}
