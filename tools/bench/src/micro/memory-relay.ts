import { FecMemory } from '@lightspeed/fec';
import { DestinationPolicy, PROOF_PACKET_BYTES, encodeProof, tagKeys } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { DEFAULT_RELAY_OPTIONS, PeerCapability, ProtectionForm } from '@lightspeed/session';
import type { Relay, RelayCounters } from '@lightspeed/session';
import {
  BLOCKS_CARRY,
  BLOCK_HEAD_BYTES,
  BlockType,
  FLAG_HANDSHAKE,
  HEADER_BYTES,
  TAG_BYTES,
  VERSION_FEC,
  VERSION_PLAIN,
  fecHeaderBytes,
  sealPacket,
  writeBlockHead,
  writeBlocksExtension,
  writeControlHeader,
  writeFecExtension,
  writeHeader,
} from '@lightspeed/wire';
import { benchRelay } from './bench-relay.ts';

/** Those of a relay without FEC. */
const BLOCKS = 64;
/** Of all that has FEC here. As in a worker, there is one memory: V8 inlines a call of the kernel while it is always the same one. */
export const FEC_MEMORY = FecMemory.allocate(4_096);
/** Addresses that the built-in policy lets through; nothing is sent there, the output is a counter. */
const FIRST_SERVER_IP = 0x0808_0808;
const SERVER_PORT = 27_015;
const CLIENTS_PER_SERVER = 1_000;
const FIRST_CLIENT_IP = 0x0b00_0000;
const FIRST_CLIENT_PORT = 4_000;
const CLIENTS_PER_ADDRESS = 64;
const PROGRAM_IP = 0x7f00_0001;
const PAYLOAD_BYTES = 120;
const SECRET = new Uint8Array(16).fill(7);
const OPENING_NONCE = 1n;

const serverIp = (client: number) => FIRST_SERVER_IP + Math.floor(client / CLIENTS_PER_SERVER);
const clientIp = (client: number) => FIRST_CLIENT_IP + Math.floor(client / CLIENTS_PER_ADDRESS);
const clientPort = (client: number) => FIRST_CLIENT_PORT + (client % CLIENTS_PER_ADDRESS);
/** All 32 bits are in use, as in ids that nodes hand out; distinct, never 0. */
const sessionIdOf = (client: number) => Math.imul(client + 1, 0x9e37_79b1) >>> 0;

/** How many clients a relay in memory has, and how they are let in. */
export interface MemoryRelayOptions {
  readonly clients: number;
  /** FEC group size, 0 for version 1. */
  readonly groupSize?: number;
  /** Whether clients are registered, each with a token of its own, and open their sessions by proof; else anybody may. */
  readonly registered?: boolean;
  /** Whether their packets have tags, for which they have to be registered. The time of a round trip then has the clients' own sealing in it. */
  readonly tagged?: boolean;
  /**
   * What registered clients and the relay have agreed on. `reports` alone go with plain packets, as where nothing is lost. With
   * `repeats` each packet of both directions carries the payload before it.
   */
  readonly agreed?: 'reports' | 'repeats' | undefined;
}

/** All that an end may spend. */
const PLENTY = { deadlineMs: 30, budgetPercent: 255, budgetKbps: 1_000_000, hints: {} };
const AGREED = {
  reports: { ...PLENTY, forms: ProtectionForm.repeat | ProtectionForm.report, mode: { kind: 'auto' } },
  // Without reports, a fixed setting needs none.
  repeats: { ...PLENTY, forms: ProtectionForm.repeat, mode: { kind: 'repeat', agesMs: [5] } },
} as const;

/**
 * A Relay whose clients, each with a session and a flow, have datagrams that come from memory and go nowhere. That is the
 * relay's own work, without any system call. One round trip is a client's packet to its server and the server's answer
 * back. Clients take turns, so each has sent as many packets as the others, or one more.
 */
export class MemoryRelay {
  readonly relay: Relay;
  readonly counters: RelayCounters;
  readonly #bytes: Uint8Array;
  /** Where packets lie. */
  readonly #slot: number;
  readonly #clients: number;
  readonly #groupSize: number;
  readonly #agreed: MemoryRelayOptions['agreed'];
  readonly #tokens: Uint8Array;
  readonly #view: DataView;
  /** Two words for each client, of the keys of what they send; none without tags. */
  readonly #keys: Int32Array | undefined;
  #nowUs = 1_000_000;
  #turn = 0;
  #lastToken = 0;

  constructor({ clients, groupSize = 0, tagged = false, agreed, registered = tagged || agreed !== undefined }: MemoryRelayOptions) {
    const memory = groupSize === 0 && agreed === undefined ? FecMemory.allocate(BLOCKS) : FEC_MEMORY;
    this.#agreed = agreed;
    this.#bytes = memory.bytes;
    this.#slot = memory.take();
    this.#clients = clients;
    this.#groupSize = groupSize;
    this.#tokens = new Uint8Array(clients);
    this.#view = memory.view;
    if (tagged) this.#keys = new Int32Array(2 * clients);
    const limits = {
      tags: tagged ? ('always' as const) : ('auto' as const),
      maxClients: clients,
      maxSessionsPerAddress: clients,
      maxPpsPerUnboundAddress: 1_000_000,
      protections: agreed === undefined ? DEFAULT_RELAY_OPTIONS.protections : [AGREED[agreed]],
    };
    let nextEgress = 0;
    const { relay, counters } = benchRelay(registered ? limits : { ...limits, admission: 'open' }, memory, new DestinationPolicy(), {
      toClient: (offset) => void (this.#lastToken = memory.bytes[offset + 1]),
      toServer: () => undefined,
      openEgress: () => nextEgress++,
      egressPort: (egress) => 30_000 + (egress % CLIENTS_PER_SERVER),
      flush: () => relay.sent(),
    });
    this.relay = relay;
    this.counters = counters;
    relay.advance(1_000, this.#nowUs);
    for (let client = 0; client < clients; client++) this.#openSession(client, registered);
    if (relay.flowCount !== clients) throw new Error(`${relay.flowCount} of ${clients} flows opened`);
  }

  /** Carries `count` round trips. Virtual time passes at 60 round trips a second and client. */
  roundTrips(count: number): void {
    const stepUs = Math.max(1, Math.round(1_000_000 / 60 / this.#clients));
    for (let i = 0; i < count; i++) {
      const client = this.#turn % this.#clients;
      const sent = 1 + ((this.#turn / this.#clients) | 0);
      this.#turn++;
      this.#nowUs = (this.#nowUs + stepUs) | 0;
      this.relay.advance((this.#nowUs / 1_000) | 0, this.#nowUs);
      this.#sendFromClient(client, sent);
      // Each client is its server's n-th player, so its flow has the n-th egress socket.
      this.relay.handleServerDatagram(client % CLIENTS_PER_SERVER, this.#slot, PAYLOAD_BYTES, serverIp(client), SERVER_PORT);
      if ((i & 63) === 0) this.relay.handleTimeout();
      this.relay.sent();
    }
  }

  /** After equally many round trips of all: has each send its last packet again, which the relay refuses last of all. */
  repeat(): void {
    for (let client = 0; client < this.#clients; client++) this.#sendFromClient(client, (this.#turn / this.#clients) | 0);
  }

  /** Datagrams that were refused: none in a sound benchmark. */
  get dropped(): number {
    const { clientDrops, serverDrops } = this.counters;
    return [...clientDrops, ...serverDrops].reduce((sum, count) => sum + count, 0);
  }

  #openSession(client: number, registered: boolean): void {
    const ip = clientIp(client);
    const token = registered ? 1 + (client % CLIENTS_PER_ADDRESS) : 0;
    writeControlHeader(this.#bytes, this.#slot, FLAG_HANDSHAKE, token, 0, 1);
    if (registered) {
      const sessionId = sessionIdOf(client);
      const capabilities = this.#keys === undefined ? 0 : PeerCapability.tags;
      const protection = this.#agreed && AGREED[this.#agreed];
      const identity = { sessionId, prefixHigh: 0, prefixLow: ip, token, secret: SECRET.slice() };
      this.relay.register({ ...identity, dialect: 'standard', capabilities, protection });
      encodeProof(this.#bytes, this.#slot, sessionId, OPENING_NONCE, SECRET, hmacSha256);
      this.#keepKey(client, sessionId);
    }
    this.relay.handleClientDatagram(this.#slot, registered ? PROOF_PACKET_BYTES : HEADER_BYTES, ip, clientPort(client), 0);
    this.#tokens[client] = this.#lastToken;
    this.#sendFromClient(client, 0);
    this.relay.sent();
  }

  #keepKey(client: number, sessionId: number): void {
    if (this.#keys === undefined) return;
    const { up } = tagKeys(SECRET, sessionId, OPENING_NONCE, hmacSha256);
    this.#keys.set([up.word0, up.word1], 2 * client);
  }

  /** Data packets of whole groups; their parity would add nothing, as none is lost. */
  #sendFromClient(client: number, sent: number): void {
    const size = this.#groupSize;
    const carries = this.#agreed === 'repeats' && sent > 0;
    const version = size === 0 && !carries ? VERSION_PLAIN : VERSION_FEC;
    const bytes = this.#bytes;
    const slot = this.#slot;
    const sequence = (1 + sent) & 0xffff;
    writeHeader(bytes, slot, version, 0, this.#tokens[client], sequence, this.#nowUs, PROGRAM_IP, 5_000, serverIp(client), SERVER_PORT);
    if (size > 0) writeFecExtension(bytes, slot, 'standard', ((sent / size) | 0) & 0xffff, sent % size, size);
    const headerBytes = size === 0 && !carries ? HEADER_BYTES : fecHeaderBytes('standard');
    let length = headerBytes + PAYLOAD_BYTES;
    if (carries) {
      writeBlocksExtension(bytes, slot, BLOCKS_CARRY, PAYLOAD_BYTES, 1);
      writeBlockHead(bytes, slot + length, BlockType.repeat, 1, PAYLOAD_BYTES);
      length += BLOCK_HEAD_BYTES + PAYLOAD_BYTES;
    }
    if (this.#keys === undefined) return this.relay.handleClientDatagram(slot, length, clientIp(client), clientPort(client), 0);
    sealPacket(this.#view, slot, length, this.#keys[2 * client], this.#keys[2 * client + 1]);
    this.relay.handleClientDatagram(slot - TAG_BYTES, length + TAG_BYTES, clientIp(client), clientPort(client), 0);
  }
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
