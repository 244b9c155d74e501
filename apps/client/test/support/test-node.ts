import { randomInt } from 'node:crypto';
import { FEC_BLOCK_BYTES, FecMemory } from '@lightspeed/fec';
import { CHALLENGE_BYTES, DestinationPolicy, parseDestinationRule } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { DEFAULT_RELAY_OPTIONS, RELAY_COUNTERS_BYTES, Relay, RelayCounter, relayCountersIn } from '@lightspeed/session';
import type { ClientAddress, RelayOptions, RelayOutput, SessionReport } from '@lightspeed/session';
import { createEngine } from '@lightspeed/udp';
import type { DatagramEngine, DatagramSocket } from '@lightspeed/udp';
import { FLAG_HANDSHAKE, HEADER_BYTES, readFlags } from '@lightspeed/wire';
import type { Endpoint, DropReason } from '@lightspeed/wire';

export const LOOPBACK = 0x7f00_0001;
const DATA_TAG = -1;
const MEMORY_BLOCKS = 256;

/** What a test may do to the node's packets. */
export interface Faults {
  /** Asked for each packet to the client: true loses it. The packet is a view, valid during the call. */
  dropToClient?: ((packet: Uint8Array, ip: number) => boolean) | undefined;
  /** Asked for each packet from the client: true loses it. */
  dropFromClient?: ((packet: Uint8Array, ip: number, port: number) => boolean) | undefined;
}

/** A relay node on loopback, on this thread's event loop, for as long as the block that declares it with `await using`. */
export class TestNode implements RelayOutput {
  readonly relay: Relay;
  readonly address: Endpoint;
  readonly faults: Faults = {};
  /** Called when the packets of a session are to have tags. */
  onTagging: ((sessionId: number) => void) | undefined;
  /** Called with what the client of a session is to be told of its packets. */
  onReport: ((report: SessionReport) => void) | undefined;
  /** When the clock of its timestamps was at 0: other than at first if its machine has started anew. */
  bootedUs = 0;
  /** Clients' addresses that were acknowledged and asked nothing more: their paths are validated, and no HANDSHAKE follows by them. */
  readonly validated = new Set<string>();
  readonly #engine: DatagramEngine;
  readonly #data: DatagramSocket;
  readonly #egress: DatagramSocket[] = [];
  readonly #counters = relayCountersIn(new ArrayBuffer(RELAY_COUNTERS_BYTES));
  readonly #run: Promise<void>;

  private constructor(engine: DatagramEngine, data: DatagramSocket, options: Partial<RelayOptions>) {
    this.#engine = engine;
    this.#data = data;
    data.tag = DATA_TAG;
    this.address = { ip: LOOPBACK, port: data.localPort };
    const { memory, reserve } = engine.arena;
    this.relay = new Relay(
      { ...DEFAULT_RELAY_OPTIONS, admission: 'open', ...options },
      {
        memory: new FecMemory(memory, reserve.start, reserve.lengthBytes),
        addresses: engine.addresses,
        policy: new DestinationPolicy({ allow: [parseDestinationRule('127.0.0.0/8')] }),
        counters: this.#counters,
        output: this,
        random: () => randomInt(2 ** 32) | 0,
        hmacSha256,
        challenges: { key: new Uint8Array(32).fill(5), slot: () => Math.floor(Date.now() / 10_000) },
      },
    );
    this.#run = engine.run({
      onDatagrams: (socket, count) => this.#take(socket, count),
      onSent: () => this.relay.sent(),
      onWake: () => undefined,
      onTick: () => {
        this.#advance();
        return this.relay.handleTimeout();
      },
    });
  }

  /** @param bind where clients reach its data plane: by IPv4, by IPv6, or by both. */
  static async start(options: Partial<RelayOptions> = {}, port = 0, bind: '127.0.0.1' | '::1' | '::' = '127.0.0.1'): Promise<TestNode> {
    const engine = createEngine('portable', { reserveBytes: MEMORY_BLOCKS * FEC_BLOCK_BYTES });
    const ip = engine.addresses.parse(bind) ?? LOOPBACK;
    const data = await engine.open({ ip, port, dualStack: bind === '::' });
    return new TestNode(engine, data, options);
  }

  get name(): string {
    return `127.0.0.1:${this.address.port}`;
  }

  /** Datagrams of game servers that went no further for a reason. */
  serverDrops(reason: DropReason): number {
    return this.#counters.serverDrops[reason];
  }

  count(counter: keyof typeof RelayCounter): number {
    return this.#counters.values[RelayCounter[counter]];
  }

  /** Sends a datagram from the node's data port, as somebody does who forges its address. */
  forge(bytes: Uint8Array, ip: number, port: number): void {
    const { start } = this.#engine.arena.reserve;
    this.#engine.arena.bytes.set(bytes, start);
    this.#engine.send(this.#data, start, bytes.length, ip, port);
  }

  /** Ends all sessions with a FIN; the node stays. */
  endSessions(): void {
    this.#advance();
    this.relay.shutdown();
  }

  /** Ends at once and says nothing, as a killed process does. */
  async kill(): Promise<void> {
    this.#engine.stop();
    await this.#run;
    this.#engine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  toClient(offset: number, length: number, { ip, port }: ClientAddress): void {
    const packet = this.#view(offset, length);
    if (this.faults.dropToClient?.(packet, ip >>> 0) === true) return;
    if (isFinalAcknowledgement(packet)) this.validated.add(`${ip}:${port}`);
    this.#engine.send(this.#data, offset, length, ip, port);
  }

  toServer(egress: number, offset: number, length: number, ip: number, port: number): void {
    this.#engine.send(this.#egress[egress], offset, length, ip, port);
  }

  forward(): void {
    throw new Error('there is one relay');
  }

  egressPort(egress: number): number {
    return this.#egress[egress].localPort;
  }

  openEgress(port = 0): number {
    const socket = this.#engine.openNow({ ip: LOOPBACK, port });
    if (socket === undefined) return -1;
    socket.tag = this.#egress.push(socket) - 1;
    return socket.tag;
  }

  closeEgress(egress: number): void {
    this.#egress[egress].close();
  }

  flush(): void {
    // Sends copy at once in this engine.
    this.relay.sent();
  }

  attacked(): void {
    // Tests look at what comes of it.
  }

  tagging(sessionId: number): void {
    this.onTagging?.(sessionId);
  }

  reported(report: SessionReport): void {
    this.onReport?.(report);
  }

  overShare(): void {
    throw new Error('no test takes more than its share');
  }

  misused(): void {
    throw new Error('no test has a client banned');
  }

  banned(): void {
    this.misused();
  }

  #take(socket: DatagramSocket, count: number): void {
    this.#advance();
    const { offsets, lengths, ips, ports } = this.#engine.received;
    for (let i = 0; i < count; i++) {
      if (socket.tag !== DATA_TAG) {
        this.relay.handleServerDatagram(socket.tag, offsets[i], lengths[i], ips[i], ports[i]);
      } else if (this.faults.dropFromClient?.(this.#view(offsets[i], lengths[i]), ips[i] >>> 0, ports[i]) !== true) {
        this.relay.handleClientDatagram(offsets[i], lengths[i], ips[i], ports[i], 0);
      }
    }
  }

  #advance(): void {
    this.relay.advance(this.#engine.clockMs, (this.#engine.clockUs - this.bootedUs) | 0);
  }

  #view(offset: number, length: number): Uint8Array {
    return this.#engine.arena.bytes.subarray(offset, offset + length);
  }
}

function isFinalAcknowledgement(packet: Uint8Array): boolean {
  const challenge = packet.subarray(HEADER_BYTES, HEADER_BYTES + CHALLENGE_BYTES);
  return (readFlags(packet, 0) & FLAG_HANDSHAKE) !== 0 && challenge.every((byte) => byte === 0);
}
