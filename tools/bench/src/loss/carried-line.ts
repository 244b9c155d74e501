import { createHmac } from 'node:crypto';
import { FecMemory } from '@lightspeed/fec';
import { Netem } from '@lightspeed/netem';
import type { Impairments, Random } from '@lightspeed/netem';
import { DestinationPolicy, parseDestinationRule } from '@lightspeed/security';
import {
  DEFAULT_RELAY_OPTIONS,
  DEFAULT_TUNNEL_OPTIONS,
  LocalFlow,
  PeerCapability,
  RELAY_COUNTERS_BYTES,
  Relay,
  TUNNEL_COUNTERS_BYTES,
  Tunnel,
  relayCountersIn,
  tunnelCountersIn,
} from '@lightspeed/session';
import type { ClientAddress, ProtectionSettings, RelayOutput, TunnelOutput } from '@lightspeed/session';
import { AddressBook, OUTER_BYTES } from '@lightspeed/wire';

const HEADROOM_BYTES = 128;
const SLOT_BYTES = 2_048;
const BLOCKS = 400;
const BLOCK_BYTES = 1_584;
const SESSION_ID = 7;
const TOKEN = 9;
const SECRET = new Uint8Array(16).fill(5);
const CLIENT = { ip: 0xcb007101 | 0, port: 40_000 };
const NODE = { ip: 0xc0000201 | 0, port: 4_434 };
const PROGRAM = { ip: 0x7f000001, port: 5_001 };
const SERVER = { ip: 0xc6336407 | 0, port: 27_015 };

/** How a line's two ends protect what they send: by what they agree on, or by groups. */
export interface LineProtection {
  readonly protection: ProtectionSettings | undefined;
  readonly fecGroupSize: number;
}

/** What each direction of a line does. */
export type Lines = Readonly<Record<Way, Impairments>>;

/** Which way a payload goes: from the game to its server, or back. */
export type Way = 'up' | 'down';

/**
 * A client's tunnel and a node's relay, as they are, with an emulated line between them, on a virtual clock.
 *
 * ```
 *   sendUp -> Tunnel -> line -> Relay -> arrived('up')        arrived('down') <- Tunnel <- line <- Relay <- sendDown
 * ```
 */
export class CarriedLine implements RelayOutput, TunnelOutput {
  readonly up: Netem<Uint8Array>;
  readonly down: Netem<Uint8Array>;
  /** Bytes of all IP packets that entered the line, and how many there were. */
  readonly wire = { up: { bytes: 0, packets: 0 }, down: { bytes: 0, packets: 0 } };
  nowMs = 1_000;
  readonly #arrived: (way: Way, payload: Uint8Array) => void;
  readonly #bytes = new Uint8Array(BLOCKS * BLOCK_BYTES + 2 * SLOT_BYTES);
  readonly #slot = BLOCKS * BLOCK_BYTES;
  readonly #relay: Relay;
  readonly #tunnel: Tunnel;
  readonly #flow = new LocalFlow(0, PROGRAM.ip, PROGRAM.port, SERVER.ip, SERVER.port);
  readonly #addresses = new AddressBook({ hashSeed: 1 });
  /** What was queued for the line and the ends since the last call of `sent`. */
  #queued: (() => void)[] = [];
  #relayDueMs = 0;
  #tunnelDueMs = 0;

  constructor(
    lines: Lines,
    random: Random,
    { protection, fecGroupSize }: LineProtection,
    arrived: (way: Way, payload: Uint8Array) => void,
  ) {
    this.#arrived = arrived;
    this.up = new Netem({ ...lines.up, seed: random.nextU32() });
    this.down = new Netem({ ...lines.down, seed: random.nextU32() });
    const memory = new FecMemory(this.#bytes, 0, BLOCKS * BLOCK_BYTES);
    const common = { memory, output: this, random: () => random.nextU32() | 0, hmacSha256 };
    const limits = { maxPpsPerClient: 1e6, maxBpsPerClient: 1e9 };
    this.#relay = new Relay(
      { ...DEFAULT_RELAY_OPTIONS, ...limits, admission: 'registered', protections: [protection] },
      {
        ...common,
        addresses: this.#addresses,
        policy: new DestinationPolicy({ allow: [parseDestinationRule('198.51.100.7/32')] }),
        counters: relayCountersIn(new ArrayBuffer(RELAY_COUNTERS_BYTES)),
        challenges: { key: new Uint8Array(32), slot: () => Math.floor(this.nowMs / 10_000) },
      },
    );
    const registration = { sessionId: SESSION_ID, token: TOKEN, dialect: 'standard' as const, secret: SECRET, protection };
    this.#relay.register({ ...registration, prefixHigh: 0, prefixLow: CLIENT.ip, capabilities: PeerCapability.challenges });
    this.#tunnel = new Tunnel(
      {
        ...DEFAULT_TUNNEL_OPTIONS,
        token: TOKEN,
        registration: { sessionId: SESSION_ID, secret: SECRET },
        protection,
        terms: protection,
        fecGroupSize,
      },
      { ...common, counters: tunnelCountersIn(new ArrayBuffer(TUNNEL_COUNTERS_BYTES)) },
    );
    this.#tunnel.setNodeAddress(0, NODE.ip, NODE.port);
    this.#act(() => this.#tunnel.open());
  }

  /** Lets the time pass, a millisecond at a time. */
  runUntil(endMs: number): void {
    while (this.nowMs < endMs) {
      this.nowMs++;
      this.#deliver();
      if (this.nowMs >= this.#tunnelDueMs) this.#act(() => (this.#tunnelDueMs = this.nowMs + Math.max(1, this.#tunnel.handleTimeout())));
      if (this.nowMs >= this.#relayDueMs) this.#act(() => (this.#relayDueMs = this.nowMs + Math.max(1, this.#relay.handleTimeout())));
    }
  }

  /** The game sends to its server. */
  sendUp(payload: Uint8Array): void {
    this.#act(() => this.#tunnel.handleLocalDatagram(this.#flow, this.#place(payload), payload.length));
  }

  /** The server sends to the game. */
  sendDown(payload: Uint8Array): void {
    this.#act(() => this.#relay.handleServerDatagram(0, this.#place(payload), payload.length, SERVER.ip, SERVER.port));
  }

  #deliver(): void {
    for (let packet = this.up.deliver(this.nowMs); packet !== undefined; packet = this.up.deliver(this.nowMs)) {
      const { length } = packet;
      const offset = this.#place(packet);
      this.#act(() => this.#relay.handleClientDatagram(offset, length, CLIENT.ip, CLIENT.port, NODE.ip));
    }
    for (let packet = this.down.deliver(this.nowMs); packet !== undefined; packet = this.down.deliver(this.nowMs)) {
      const { length } = packet;
      const offset = this.#place(packet);
      this.#act(() => this.#tunnel.handleNodeDatagram(0, offset, length, NODE.ip, NODE.port));
    }
  }

  #place(bytes: Uint8Array): number {
    const offset = this.#slot + HEADROOM_BYTES;
    this.#bytes.set(bytes, offset);
    return offset;
  }

  /** Lets an end do something now, and sends what it wants sent. */
  #act(action: () => void): void {
    const nowUs = Math.imul(this.nowMs, 1_000);
    this.#relay.advance(this.nowMs, nowUs);
    this.#tunnel.advance(this.nowMs, nowUs);
    action();
    const queued = this.#queued;
    this.#queued = [];
    for (const send of queued) send();
    this.#relay.sent();
    this.#tunnel.sent();
    const [relayMs, tunnelMs] = [this.#relay.msUntilSooner(), this.#tunnel.msUntilSooner()];
    if (relayMs >= 0) this.#relayDueMs = Math.min(this.#relayDueMs, this.nowMs + relayMs);
    if (tunnelMs >= 0) this.#tunnelDueMs = Math.min(this.#tunnelDueMs, this.nowMs + tunnelMs);
  }

  #send(way: Way, offset: number, length: number): void {
    const packet = this.#bytes.slice(offset, offset + length);
    this.wire[way].bytes += OUTER_BYTES + length;
    this.wire[way].packets++;
    this[way].send(packet, OUTER_BYTES + length, this.nowMs);
  }

  toNode(_path: number, offset: number, length: number): void {
    this.#queued.push(() => this.#send('up', offset, length));
  }

  toClient(offset: number, length: number, _to: ClientAddress): void {
    this.#queued.push(() => this.#send('down', offset, length));
  }

  toServer(_egress: number, offset: number, length: number): void {
    this.#queued.push(() => this.#arrived('up', this.#bytes.subarray(offset, offset + length)));
  }

  toLocal(_flow: LocalFlow, offset: number, length: number): void {
    this.#queued.push(() => this.#arrived('down', this.#bytes.subarray(offset, offset + length)));
  }

  openEgress(): number {
    return 0;
  }

  egressPort(): number {
    return 50_000;
  }

  flush(): void {
    for (const send of this.#queued.splice(0)) send();
    this.#relay.sent();
  }

  // What an end may tell, and nobody here wants to know.
  readonly closeEgress = ignore;
  readonly forward = ignore;
  readonly misused = ignore;
  readonly attacked = ignore;
  readonly tagging = ignore;
  readonly overShare = ignore;
  readonly banned = ignore;
  readonly roundTrip = ignore;
  readonly event = ignore;
  readonly pathEvent = ignore;
}

function ignore(): void {
  // There is nobody to tell.
}

function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(data).digest();
}
