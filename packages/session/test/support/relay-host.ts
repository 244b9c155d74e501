import { FecMemory } from '@lightspeed/fec';
import { HEADROOM_BYTES } from '@lightspeed/memory';
import { DestinationPolicy, TokenTable, makeChallenge, parseDestinationRule } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { DEFAULT_RELAY_OPTIONS, RELAY_COUNTERS_BYTES, Relay, RelayCounter, relayCountersIn } from '@lightspeed/session';
import type {
  CarriedFlow,
  CarriedLimits,
  ClientAddress,
  RefusedAccount,
  Registration,
  RelayOptions,
  RelayOutput,
  SessionClaims,
  SessionReport,
} from '@lightspeed/session';
import { AddressBook, DROP_REASON_NAMES } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { copyOf } from './carried-copy.ts';
import type { Datagram, EgressDatagram } from './datagram.ts';
import { sequentialRandom } from './random.ts';

/** A registration from an address. */
export type HostRegistration = Omit<Registration, 'token' | 'prefixHigh' | 'prefixLow'> & { readonly ip: number };

const CHALLENGE_KEY = new Uint8Array(32).fill(3);
const SLOT_BYTES = 10_000;
const SLOTS = 8;

/**
 * Drives a Relay like a socket driver does: datagrams lie in slots with headroom, what is sent is read only at the flush,
 * and then its memory is overwritten, so that a relay that lets go of bytes too early is found out.
 */
export class RelayHost implements RelayOutput {
  readonly memory: FecMemory;
  readonly addresses = new AddressBook({ hashSeed: 5 });
  readonly relay: Relay;
  readonly counters = relayCountersIn(new ArrayBuffer(RELAY_COUNTERS_BYTES));
  /** What left for clients and servers since the last look. */
  toClients: Datagram[] = [];
  toServers: EgressDatagram[] = [];
  readonly openEgressSockets = new Set<number>();
  readonly bannedAddresses: number[] = [];
  readonly misusedSessions: number[] = [];
  /** Sessions that were refused a socket because their account has its share. */
  readonly overShares: RefusedAccount[] = [];
  /** What clients were to be told of their sessions. */
  readonly reports: SessionReport[] = [];
  /** Sessions whose clients were to be told of tags. */
  readonly taggings: number[] = [];
  /** Sessions in whose clients' names wrong tokens or tags have come. */
  readonly attacks: number[] = [];
  /** When the clock of its timestamps was at 0. */
  bootedMs = 0;
  /** Flows that are open, by number, as the relay tells of them, and their limits. */
  readonly carried = new Map<number, CarriedFlow>();
  readonly carriedLimits = new Map<number, CarriedLimits>();
  /** How often the relay has told that a flow has changed. */
  flowChanges = 0;
  /** What was given to other relays of the same port. */
  readonly forwarded: (Datagram & { readonly relay: number })[] = [];
  /** Local ports that somebody else has. */
  readonly takenPorts = new Set<number>();
  readonly #egressPorts = new Map<number, number>();
  maxEgress = Infinity;
  nowMs = 1_000;
  /** Called when a session's client is to be told of tags. */
  onTagging: ((sessionId: number) => void) | undefined;
  /** Called at each flush, for worlds in which links take the datagrams. */
  onFlush: (() => void) | undefined;
  readonly #tokens = new TokenTable({ capacity: 10_000 });
  #slot = 0;
  #nextEgress = 0;
  readonly #queued: (() => void)[] = [];

  constructor(options: Partial<RelayOptions> = {}, blocks = 512, claims?: SessionClaims, limitsMemory?: SharedArrayBuffer) {
    const bytes = new Uint8Array(SLOTS * SLOT_BYTES + blocks * 1_600);
    this.memory = new FecMemory(bytes, SLOTS * SLOT_BYTES, blocks * 1_600);
    const policy = new DestinationPolicy({ allow: [parseDestinationRule('198.51.100.0/24')] });
    this.relay = new Relay(
      { ...DEFAULT_RELAY_OPTIONS, admission: 'open', ...options },
      {
        memory: this.memory,
        policy,
        addresses: this.addresses,
        counters: this.counters,
        output: this,
        random: sequentialRandom(),
        hmacSha256,
        claims,
        limitsMemory,
        challenges: { key: CHALLENGE_KEY, slot: () => this.#slotOfTime },
      },
    );
    this.#advance();
  }

  get #slotOfTime(): number {
    return Math.floor(this.nowMs / 10_000);
  }

  /** The challenge that an address would be sent now. */
  challengeFor(sessionId: number, { ip, port }: Endpoint): bigint {
    const address = new Uint8Array(16);
    this.addresses.write(ip | 0, address, 0);
    return makeChallenge(CHALLENGE_KEY, { sessionId, address, port }, this.#slotOfTime, hmacSha256);
  }

  /** Registers a client as a control plane does. @returns its token. */
  register({ ip, ...registration }: HostRegistration): number {
    const prefix = this.prefixOf(ip);
    const token = this.#tokens.issue(registration.sessionId, prefix.prefixHigh, prefix.prefixLow, Math.random);
    if (!this.relay.register({ ...registration, ...prefix, token })) throw new Error('the registration was refused');
    return token;
  }

  /** The endpoint of a text, of either family. */
  endpoint(text: string): Endpoint {
    const parsed = this.addresses.parseEndpoint(text);
    if (parsed === undefined) throw new Error(`not an endpoint: ${text}`);
    return parsed;
  }

  /** An address as text. */
  textOf(handle: number): string {
    return this.addresses.format(handle);
  }

  /** How limits and registrations count an address. */
  prefixOf(ip: number): Pick<Registration, 'prefixHigh' | 'prefixLow'> {
    return { prefixHigh: this.addresses.prefixHigh(ip), prefixLow: this.addresses.prefixLow(ip) };
  }

  unregister(sessionId: number): boolean {
    this.#tokens.release(sessionId);
    return this.relay.unregister(sessionId);
  }

  /** A client's datagram arrives. */
  fromClient(bytes: Uint8Array, ip: number, port: number, local = 0): void {
    this.fromClients([{ bytes, ip, port, local }]);
  }

  /** A batch of clients' datagrams arrives, 8 at most. */
  fromClients(batch: readonly Datagram[]): void {
    this.#advance();
    for (const { bytes, ip, port, local = 0 } of batch) this.relay.handleClientDatagram(this.#place(bytes), bytes.length, ip, port, local);
    this.flush();
  }

  /** A datagram arrives at an egress socket. */
  fromServer(egress: number, bytes: Uint8Array, ip: number, port: number): void {
    this.#advance();
    this.relay.handleServerDatagram(egress, this.#place(bytes), bytes.length, ip, port);
    this.flush();
  }

  /** Moves the clock on and lets the relay do what is due, every `stepMs`. */
  pass(ms: number, stepMs = 50): void {
    for (const end = this.nowMs + ms; this.nowMs < end;) {
      this.nowMs = Math.min(end, this.nowMs + stepMs);
      this.tick();
    }
  }

  tick(): number {
    this.#advance();
    const next = this.relay.handleTimeout();
    this.flush();
    return next;
  }

  takeToClients(): Datagram[] {
    const taken = this.toClients;
    this.toClients = [];
    return taken;
  }

  takeToServers(): EgressDatagram[] {
    const taken = this.toServers;
    this.toServers = [];
    return taken;
  }

  count(counter: keyof typeof RelayCounter): number {
    return this.counters.values[RelayCounter[counter]] ?? NaN;
  }

  /** All drops that were counted, by side and reason. */
  drops(): Record<string, number> {
    const drops: Record<string, number> = {};
    for (const [side, counts] of [
      ['client', this.counters.clientDrops],
      ['server', this.counters.serverDrops],
    ] as const) {
      counts.forEach((count, reason) => {
        if (count > 0) drops[`${side}:${DROP_REASON_NAMES[reason]}`] = count;
      });
    }
    return drops;
  }

  // What the relay asks for.

  toClient(offset: number, length: number, { ip, port, local }: ClientAddress): void {
    this.#queued.push(() => {
      this.toClients.push({ bytes: this.memory.bytes.slice(offset, offset + length), ip: ip >>> 0, port, local });
    });
  }

  toServer(egress: number, offset: number, length: number, ip: number, port: number): void {
    if (!this.openEgressSockets.has(egress)) throw new Error(`egress socket ${egress} is not open`);
    this.#queued.push(() => {
      this.toServers.push({ egress, bytes: this.memory.bytes.slice(offset, offset + length), ip: ip >>> 0, port });
    });
  }

  openEgress(port: number): number {
    if (this.openEgressSockets.size >= this.maxEgress) return -1;
    const egress = this.#nextEgress++;
    const isFree = port > 0 && !this.takenPorts.has(port) && ![...this.openEgressSockets].some((open) => this.egressPort(open) === port);
    this.#egressPorts.set(egress, isFree ? port : 30_000 + egress);
    this.openEgressSockets.add(egress);
    return egress;
  }

  egressPort(egress: number): number {
    return this.#egressPorts.get(egress) ?? 0;
  }

  forward(relay: number, offset: number, length: number, ip: number, port: number, local: number): void {
    const bytes = this.memory.bytes.slice(offset, offset + length);
    this.forwarded.push({ relay, bytes, ip: ip >>> 0, port, local });
  }

  closeEgress(egress: number): void {
    if (!this.openEgressSockets.delete(egress)) throw new Error(`egress socket ${egress} was closed twice`);
  }

  flush(): void {
    for (const send of this.#queued.splice(0)) send();
    this.memory.bytes.fill(0xee, 0, SLOTS * SLOT_BYTES);
    this.relay.sent();
    this.onFlush?.();
  }

  flowOpened(flow: CarriedFlow, limits: CarriedLimits): void {
    if (this.carried.has(flow.index)) throw new Error(`flow ${flow.index} is opened twice`);
    this.carriedLimits.set(flow.index, limits);
    this.carried.set(flow.index, copyOf(flow));
  }

  flowChanged(flow: CarriedFlow): void {
    if (!this.carried.has(flow.index)) throw new Error(`flow ${flow.index} changes and is not open`);
    this.flowChanges++;
    this.carried.set(flow.index, copyOf(flow));
  }

  flowClosed(flow: CarriedFlow): void {
    if (!this.openEgressSockets.has(flow.egress)) throw new Error(`the socket of flow ${flow.index} is closed before it`);
    if (!this.carried.delete(flow.index)) throw new Error(`flow ${flow.index} ends and is not open`);
  }

  attacked(sessionId: number): void {
    this.attacks.push(sessionId);
  }

  tagging(sessionId: number): void {
    this.taggings.push(sessionId);
    this.onTagging?.(sessionId);
  }

  reported(report: SessionReport): void {
    this.reports.push(report);
  }

  overShare(who: RefusedAccount): void {
    this.overShares.push(who);
  }

  misused(sessionId: number): void {
    this.misusedSessions.push(sessionId);
  }

  banned(_prefixHigh: number, prefixLow: number): void {
    this.bannedAddresses.push(prefixLow >>> 0);
  }

  #advance(): void {
    this.relay.advance(this.nowMs | 0, ((this.nowMs - this.bootedMs) * 1_000) | 0);
  }

  #place(bytes: Uint8Array): number {
    this.#slot = (this.#slot + 1) % SLOTS;
    const offset = this.#slot * SLOT_BYTES + HEADROOM_BYTES;
    this.memory.bytes.set(bytes, offset);
    return offset;
  }
}
