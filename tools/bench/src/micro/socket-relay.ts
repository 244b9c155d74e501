import { FEC_BLOCK_BYTES, FecMemory } from '@lightspeed/fec';
import { DestinationPolicy, parseDestinationRule } from '@lightspeed/security';
import { DEFAULT_RELAY_OPTIONS, RELAY_COUNTERS_BYTES, Relay, relayCountersIn } from '@lightspeed/session';
import type { ClientAddress, RelayOutput } from '@lightspeed/session';
import { createEngine } from '@lightspeed/udp';
import type { DatagramEngine, DatagramHandler, DatagramSocket, EngineKind } from '@lightspeed/udp';
import { AddressBook, FLAG_HANDSHAKE, HEADER_BYTES, VERSION_PLAIN, readToken, writeHeader } from '@lightspeed/wire';
import { xorShift } from './random.ts';

const LOOPBACK = 0x7f00_0001;
const BLOCKS = 256;
const CLIENTS = 16;
const PAYLOAD_BYTES = 120;

const DATA = 1;
const EGRESS = 2;
const SERVER = 3;
const CLIENT = 4;

/**
 * Clients, relay and echo server on real sockets of one engine in one thread. What is allocated between two looks at the
 * heap was allocated by the packet path, system calls included, for nothing else runs.
 */
export class SocketRelay implements RelayOutput, DatagramHandler {
  readonly #engine: DatagramEngine;
  readonly #memory: FecMemory;
  readonly #counters = relayCountersIn(new ArrayBuffer(RELAY_COUNTERS_BYTES));
  readonly #egress: (DatagramSocket | undefined)[] = [];
  readonly #tokens = new Uint8Array(4_096);
  readonly #sequences = new Uint16Array(4_096);
  readonly #request: number;
  readonly #clients: DatagramSocket[] = [];
  #relay: Relay | undefined;
  #data: DatagramSocket | undefined;
  #server: DatagramSocket | undefined;
  /** Answers that clients have got. */
  roundTrips = 0;
  #nextMark = 0;
  #segmentRoundTrips = 0;
  #segmentsLeft = 0;
  #onMark: () => void = () => undefined;

  constructor(kind: EngineKind) {
    this.#engine = createEngine(kind, { reserveBytes: (BLOCKS + 1) * FEC_BLOCK_BYTES });
    const { memory, reserve } = this.#engine.arena;
    this.#memory = new FecMemory(memory, reserve.start, reserve.lengthBytes);
    this.#request = this.#memory.take();
  }

  /** What its engine has counted so far. */
  get udpCounters(): ReturnType<DatagramEngine['counters']['snapshot']> {
    return this.#engine.counters.snapshot();
  }

  /** Runs `warmUp` round trips, then `segments` times `roundTrips`; calls `onMark` before the first and after each. */
  async run(warmUp: number, segments: number, roundTrips: number, onMark: () => void): Promise<void> {
    const engine = this.#engine;
    this.#nextMark = warmUp;
    this.#segmentRoundTrips = roundTrips;
    this.#segmentsLeft = segments;
    this.#onMark = onMark;
    this.#data = await this.#open(DATA);
    this.#server = await this.#open(SERVER);
    this.#relay = new Relay(
      { ...DEFAULT_RELAY_OPTIONS, admission: 'open', maxPpsPerClient: 1e6, maxBpsPerClient: 1e9 },
      {
        memory: this.#memory,
        addresses: new AddressBook(),
        policy: new DestinationPolicy({ allow: [parseDestinationRule('127.0.0.0/8')] }),
        counters: this.#counters,
        output: this,
        random: xorShift(1),
      },
    );
    for (let i = 0; i < CLIENTS; i++) this.#clients.push(await this.#open(CLIENT));
    await engine.run(this);
    engine.close();
  }

  onDatagrams(socket: DatagramSocket, count: number): void {
    const { offsets, lengths, ips, ports } = this.#engine.received;
    const relay = this.#relay;
    if (relay === undefined) return;
    relay.advance(this.#engine.clockMs, this.#engine.clockUs);
    for (let i = 0; i < count; i++) {
      if (socket.tag === DATA) relay.handleClientDatagram(offsets[i], lengths[i], ips[i], ports[i], 0);
      else if (socket.tag === EGRESS) relay.handleServerDatagram(socket.id, offsets[i], lengths[i], ips[i], ports[i]);
      else if (socket.tag === SERVER) this.#engine.send(socket, offsets[i], lengths[i], ips[i], ports[i]);
      else this.#clientHears(socket, offsets[i]);
    }
  }

  onSent(): void {
    this.#relay?.sent();
  }

  onWake(): void {
    // Nobody wakes it.
  }

  onTick(): number {
    // The handshakes are all alike, so they can be sent from the same bytes.
    for (const client of this.#clients.splice(0)) this.#sendFrom(client, this.#request, FLAG_HANDSHAKE);
    this.#relay?.advance(this.#engine.clockMs, this.#engine.clockUs);
    return this.#relay?.handleTimeout() ?? 100;
  }

  toClient(offset: number, length: number, { ip, port }: ClientAddress): void {
    if (this.#data !== undefined) this.#engine.send(this.#data, offset, length, ip, port);
  }

  toServer(egress: number, offset: number, length: number, ip: number, port: number): void {
    const socket = this.#egress[egress];
    if (socket !== undefined) this.#engine.send(socket, offset, length, ip, port);
  }

  openEgress(): number {
    const socket = this.#engine.openNow({ ip: LOOPBACK, port: 0 });
    if (socket === undefined) return -1;
    socket.tag = EGRESS;
    this.#egress[socket.id] = socket;
    return socket.id;
  }

  closeEgress(egress: number): void {
    this.#egress[egress]?.close();
    this.#egress[egress] = undefined;
  }

  egressPort(egress: number): number {
    return this.#egress[egress]?.localPort ?? 0;
  }

  forward(): void {
    throw new Error('there is no other relay');
  }

  flush(): void {
    // Nothing here sends more than the engine queues.
  }

  banned(): void {
    throw new Error('a client of the benchmark was banned');
  }

  async #open(tag: number): Promise<DatagramSocket> {
    const socket = await this.#engine.open({ ip: LOOPBACK, port: 0 });
    socket.tag = tag;
    return socket;
  }

  /** Any answer is followed by the next question, so each client has one round trip under way. */
  #clientHears(socket: DatagramSocket, offset: number): void {
    this.#tokens[socket.id] = readToken(this.#engine.arena.bytes, offset);
    this.roundTrips++;
    if (this.roundTrips === this.#nextMark) this.#mark();
    this.#sendFrom(socket, offset, 0);
  }

  #mark(): void {
    this.#onMark();
    if (this.#segmentsLeft === 0) this.#engine.stop();
    this.#segmentsLeft--;
    this.#nextMark += this.#segmentRoundTrips;
  }

  #sendFrom(socket: DatagramSocket, offset: number, flags: number): void {
    const { bytes } = this.#engine.arena;
    const { id } = socket;
    writeHeader(
      bytes,
      offset,
      VERSION_PLAIN,
      flags,
      this.#tokens[id],
      this.#sequences[id]++,
      this.#engine.clockUs,
      LOOPBACK,
      5_000,
      LOOPBACK,
      this.#server?.localPort ?? 0,
    );
    const length = flags === 0 ? HEADER_BYTES + PAYLOAD_BYTES : HEADER_BYTES;
    this.#engine.send(socket, offset, length, LOOPBACK, this.#data?.localPort ?? 0);
  }
}
