import { ok as must } from 'node:assert/strict';
import { DestinationPolicy, encodeProof, makeChallenge, parseDestinationRule, tagKeys } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import {
  DEFAULT_PROTECTION,
  DEFAULT_RELAY_OPTIONS,
  PeerCapability,
  RELAY_COUNTERS_BYTES,
  Relay,
  RelayCounter,
  relayCountersIn,
} from '@lightspeed/session';
import type { ClientAddress, RelayOptions, RelayOutput, SessionReport } from '@lightspeed/session';
import { AddressBook, DropReason, FLAG_HANDSHAKE, HEADER_BYTES, hasTag, readFlags, readToken, writeControlHeader } from '@lightspeed/wire';
import type { Dialect, Endpoint } from '@lightspeed/wire';
import { Arena } from './arena.ts';
import { Datagrams } from './datagrams.ts';
import type { Random } from '@lightspeed/netem';
import {
  ALLOWED,
  ANSWERING,
  CLIENTS,
  DENIED,
  DESTINATIONS,
  OVERHEAD_BYTES,
  PROGRAMS,
  PROTECTIONS,
  SESSIONS,
  TERMS,
  TERMS_IN_HANDSHAKE,
  isPublic,
} from './scene.ts';
import { ignore, reachedOf } from './target.ts';
import type { Reached, Target } from './target.ts';

const CHALLENGE_KEY = new Uint8Array(32).fill(3);
const SECRET = new Uint8Array(16).fill(9);
/** Low enough to be reached. */
const LIMITS = { maxClients: 16, maxFlowsPerSession: 8, maxEgressSockets: 12 };

/** How a relay is fuzzed; packets a second have no limit by default. */
export type RelayMode = Pick<RelayOptions, 'admission' | 'tags'> & Partial<RelayOptions> & { readonly dialect: Dialect };

/**
 * A relay with forged and true packets, answers of servers, time that passes, registrations that come and go, and restarts.
 * Nothing may go to a denied server. Who cannot answer gets at most three times what came, eight times at an open node.
 */
export class RelayTarget implements Target, RelayOutput {
  readonly #random: Random;
  readonly #datagrams: Datagrams;
  readonly #arena = new Arena();
  readonly #addresses = new AddressBook({ hashSeed: 5 });
  readonly #counters = relayCountersIn(new ArrayBuffer(RELAY_COUNTERS_BYTES));
  readonly #mode: RelayMode;
  readonly #relay: Relay;
  readonly #tokens: number[] = [1, 2, 3];
  readonly #nonces: bigint[] = [];
  readonly #openingNonces: bigint[] = [];
  /** Sessions whose clients were told to tag. */
  readonly #tagged = new Set<number>();
  readonly #egress = new Set<number>();
  /** Bytes on the wire from and to each client's address. */
  readonly #came = new Float64Array(CLIENTS.length);
  readonly #went = new Float64Array(CLIENTS.length);
  // What a relay may tell at any time.
  readonly misused = ignore;
  readonly overShare = ignore;
  readonly attacked = ignore;
  readonly banned = ignore;
  #length = 0;
  #nextEgress = 0;
  #nowMs = 1_000;

  constructor(random: Random, mode: RelayMode) {
    this.#random = random;
    this.#mode = mode;
    this.#datagrams = new Datagrams(random);
    this.#relay = new Relay(
      {
        ...DEFAULT_RELAY_OPTIONS,
        protections: [{ ...DEFAULT_PROTECTION, mode: random.pick(PROTECTIONS) }],
        maxPpsPerClient: 1e9,
        maxBpsPerClient: 1e12,
        ...mode,
        ...LIMITS,
      },
      {
        memory: this.#arena.memory,
        addresses: this.#addresses,
        policy: new DestinationPolicy({ allow: [parseDestinationRule('198.51.100.0/24')] }),
        counters: this.#counters,
        output: this,
        random: () => random.nextU32() | 0,
        hmacSha256,
        challenges: { key: CHALLENGE_KEY, slot: () => Math.floor(this.#nowMs / 10_000) },
      },
    );
    for (let id = 0; id < SESSIONS; id++) this.#register(id);
  }

  get input(): Uint8Array {
    return this.#arena.copy(this.#length);
  }

  step(): void {
    const random = this.#random;
    if (random.once(4)) this.#nowMs += random.once(500) ? random.nextInt(20_000) : random.nextInt(4);
    this.#relay.advance(this.#nowMs | 0, (this.#nowMs * 1_000) | 0);
    const kind = random.nextInt(64);
    if (kind < 2) this.#sendProof();
    else if (kind < 10) this.#answer();
    else if (kind === 10) this.#relay.handleTimeout();
    else if (kind === 11 && random.once(200)) this.#turn();
    else this.#sendAny();
    this.flush();
  }

  replay(bytes: Uint8Array): void {
    this.#arena.bytes.set(bytes, this.#arena.offset);
    this.#give(this.#random.nextInt(CLIENTS.length), bytes.length);
    this.flush();
  }

  check(): void {
    const { values, clientDrops } = this.#counters;
    const count = (name: keyof typeof RelayCounter) => values[RelayCounter[name]];
    // The packet of a report that is ignored counts as what it is.
    const dropped = clientDrops.reduce((sum, drops) => sum + drops, 0) - clientDrops[DropReason.badReport];
    const taken = count('dataPackets') + count('parityPackets') + count('keepalives') + count('handshakes') + count('fins');
    const came = count('clientPacketsReceived');
    must(came === dropped + taken, `of ${came} packets ${dropped + taken} are accounted for`);
    const { sessionCount, flowCount } = this.#relay;
    const mostFlows = LIMITS.maxClients * LIMITS.maxFlowsPerSession;
    must(sessionCount <= LIMITS.maxClients && flowCount <= mostFlows, 'there are more sessions or flows than there may be');
    this.#relay.shutdown();
    this.flush();
    const { available, capacity } = this.#arena.memory;
    must(available === capacity, `${capacity - available} blocks are not given back`);
    must(this.#egress.size === 0, `${this.#egress.size} sockets are open without a flow`);
  }

  get reached(): Reached {
    return reachedOf(this.#counters.values, RelayCounter, this.#counters.clientDrops);
  }

  // What the relay asks for.

  toClient(offset: number, length: number, { ip, port }: ClientAddress): void {
    const at = CLIENTS.findIndex((client) => (client.ip | 0) === (ip | 0) && client.port === port);
    must(at >= 0, 'something goes to an address from which nothing came');
    this.#went[at] += length + OVERHEAD_BYTES;
    if (at < SESSIONS) this.#learn(at, offset, length);
    const most = this.#mode.admission === 'open' ? DEFAULT_RELAY_OPTIONS.openRatio : 3;
    const isVictim = at >= ANSWERING;
    must(!isVictim || this.#went[at] <= most * this.#came[at], `${this.#went[at]} bytes went to a victim for ${this.#came[at]}`);
  }

  toServer(egress: number, _offset: number, _length: number, ip: number, port: number): void {
    must(this.#egress.has(egress), 'something goes out by a socket that is closed');
    must(isPublic(ip >>> 0) && port > 0, 'something goes to a server that is denied');
  }

  forward(): void {
    must(false, 'there is no other relay');
  }

  openEgress(): number {
    const egress = this.#nextEgress++ % 4_096;
    if (this.#egress.has(egress)) return -1;
    this.#egress.add(egress);
    return egress;
  }

  egressPort(egress: number): number {
    return 20_000 + egress;
  }

  closeEgress(egress: number): void {
    must(this.#egress.delete(egress), 'a socket is closed twice');
  }

  flush(): void {
    this.#relay.sent();
  }

  reported(report: SessionReport): void {
    const { expected, received, late, recovered, destinations } = report;
    const isSane = [expected, received, late, recovered].every((count) => Number.isSafeInteger(count) && count >= 0) && late <= received;
    must(isSane && destinations.length <= LIMITS.maxFlowsPerSession, `a report says ${JSON.stringify(report)}`);
  }

  tagging(sessionId: number): void {
    this.#tagged.add(sessionId - 1);
  }

  #register(id: number): void {
    const { ip } = CLIENTS[id];
    const token = 1 + this.#random.nextInt(255);
    this.#nonces[id] ??= 1n;
    this.#tokens[id] = token;
    this.#relay.register({
      sessionId: id + 1,
      account: id,
      prefixHigh: 0,
      prefixLow: ip | 0,
      token,
      dialect: this.#mode.dialect,
      secret: SECRET,
      capabilities: PeerCapability.challenges | PeerCapability.tags | PeerCapability.reports,
      nonces: { highest: this.#nonces[id], below: 0n },
      protection: this.#random.once(4) ? undefined : TERMS,
    });
  }

  /** A true proof of a session from any address; those that can answer have got the challenge. */
  #sendProof(): void {
    const random = this.#random;
    const { bytes, offset } = this.#arena;
    const id = random.nextInt(SESSIONS);
    const from = random.once(2) ? random.nextInt(CLIENTS.length) : id;
    const nonce = (this.#nonces[id] += 1n);
    writeControlHeader(bytes, offset, FLAG_HANDSHAKE, this.#tokens[id], random.nextInt(65_536), (this.#nowMs * 1_000) | 0);
    bytes[offset + 13] = 0;
    const sessionId = this.#mode.admission === 'registered' ? id + 1 : 0;
    const challenge = from < ANSWERING && random.once(2) ? this.#challengeFor(sessionId, CLIENTS[from]) : 0n;
    if (this.#mode.admission === 'open' && random.once(2)) {
      new DataView(bytes.buffer).setBigUint64(offset + HEADER_BYTES, random.once(3) ? TERMS_IN_HANDSHAKE : challenge);
      this.#give(from, HEADER_BYTES + 8);
      return;
    }
    this.#give(from, encodeProof(bytes, offset, id + 1, nonce, SECRET, hmacSha256, challenge));
  }

  #challengeFor(sessionId: number, { ip, port }: Endpoint): bigint {
    const address = new Uint8Array(16);
    this.#addresses.write(ip | 0, address, 0);
    return makeChallenge(CHALLENGE_KEY, { sessionId, address, port }, Math.floor(this.#nowMs / 10_000), hmacSha256);
  }

  /** Mostly a packet of a session from its client's address, with its token, and its tag if it has one. */
  #sendAny(): void {
    const random = this.#random;
    const { bytes, offset } = this.#arena;
    const id = random.nextInt(SESSIONS);
    const from = random.once(6) ? random.nextInt(CLIENTS.length) : id;
    const tokens = random.once(24) ? [random.nextInt(256)] : [this.#tokens[id]];
    const nowUs = (this.#nowMs * 1_000) | 0;
    const of = { dialect: this.#mode.dialect, tokens, sources: PROGRAMS, destinations: DESTINATIONS, nowUs };
    const length = this.#datagrams.write(bytes, offset, of);
    const isSealed = this.#tagged.has(id) ? !random.once(12) : random.once(100);
    if (!isSealed) return this.#give(from, length);
    const { up } = tagKeys(SECRET, id + 1, this.#openingNonces[id] ?? 0n, hmacSha256);
    this.#give(from, this.#arena.seal(length, { word0: up.word0, word1: up.word1 ^ (random.once(16) ? 1 : 0) }));
  }

  /** What a client learns from an acknowledgement: its token, and the opening nonce. */
  #learn(id: number, offset: number, length: number): void {
    const { bytes, view } = this.#arena.memory;
    const tagBytes = hasTag(bytes, offset, length) ? 4 : 0;
    if ((readFlags(bytes, offset) & FLAG_HANDSHAKE) === 0) return;
    if (this.#mode.admission === 'open') this.#tokens[id] = readToken(bytes, offset);
    const payload = offset + HEADER_BYTES + tagBytes;
    if (length >= HEADER_BYTES + tagBytes + 16) this.#openingNonces[id] = view.getBigUint64(payload + 8);
  }

  /** A server answers by any socket. */
  #answer(): void {
    const random = this.#random;
    if (this.#egress.size === 0) return;
    const egress = [...this.#egress][random.nextInt(this.#egress.size)];
    const { ip, port } = random.pick(random.once(8) ? DENIED : ALLOWED);
    const length = random.nextInt(1_500);
    this.#arena.bytes.fill(random.nextU32(), this.#arena.offset, this.#arena.offset + length);
    this.#length = length;
    this.#relay.handleServerDatagram(egress, this.#arena.offset, length, ip, port);
  }

  /** Registrations come and go, and everything is restored from snapshots. */
  #turn(): void {
    const id = this.#random.nextInt(SESSIONS);
    const snapshots = this.#relay.snapshots.takeAll();
    this.#relay.unregister(id + 1);
    this.#tagged.delete(id);
    this.#register(id);
    for (const snapshot of snapshots) this.#relay.snapshots.restore(snapshot);
    if (this.#random.once(2)) this.#relay.tag(id + 1);
  }

  #give(from: number, length: number): void {
    const { bytes, offset } = this.#arena;
    const { ip, port } = CLIENTS[from];
    this.#length = length;
    this.#came[from] += length + OVERHEAD_BYTES;
    // The victims never send what shows that they receive.
    if (from >= ANSWERING && length > HEADER_BYTES && (readFlags(bytes, offset) & FLAG_HANDSHAKE) !== 0 && this.#mode.admission === 'open')
      return;
    this.#relay.handleClientDatagram(offset, length, ip, port, 0);
  }
}
