import type { FecMemory } from '@lightspeed/fec';
import { AmplificationGuard, BanTable, RateLimiter, ReflectionGuard, UnboundRateLimiter } from '@lightspeed/security';
import type { DestinationPolicy, HmacSha256 } from '@lightspeed/security';
import type { AddressBook, DropReason } from '@lightspeed/wire';
import { BlockReturns } from '../block-returns.ts';
import { FecTotals } from '../fec-totals.ts';
import { KeyTable } from '../key-table.ts';
import type { SendFlow, PacketSink } from '../packet-writer.ts';
import { PacketWriter } from '../packet-writer.ts';
import type { ClientAddress } from './client-address.ts';
import { EgressAllocator } from './egress-allocator.ts';
import { ForwardingTable } from './forwarding-table.ts';
import { FlowTable } from './flow-table.ts';
import { RegistrationTable } from './registration-table.ts';
import type { RelayCounters } from './relay-counters.ts';
import { RelayCounter } from './relay-counters.ts';
import type { RelayEnvironment, RelayOptions, RelayOutput, SessionClaims } from './relay-options.ts';
import type { RelayPath } from './relay-path.ts';
import type { RelayFlow, RelaySession } from './relay-session.ts';
import { SessionTable, expectedSessions } from './session-table.ts';

/** Everything that both directions of a relay share: the time, the tables, the guards, the way out. */
export class RelayState implements PacketSink {
  readonly options: RelayOptions;
  readonly memory: FecMemory;
  readonly bytes: Uint8Array;
  readonly policy: DestinationPolicy;
  readonly addresses: AddressBook;
  readonly counters: RelayCounters;
  readonly output: RelayOutput;
  readonly random: () => number;
  readonly hmacSha256: HmacSha256 | undefined;
  readonly returns: BlockReturns;
  readonly writer: PacketWriter;
  readonly sessions: SessionTable;
  readonly flows: FlowTable;
  readonly egress: EgressAllocator;
  readonly registrations: RegistrationTable;
  readonly claims: SessionClaims | undefined;
  readonly forwarding: ForwardingTable;
  readonly rateLimiter: RateLimiter;
  readonly unboundRateLimiter: UnboundRateLimiter;
  readonly amplification: AmplificationGuard;
  readonly reflection: ReflectionGuard;
  readonly bans: BanTable;
  /** Statistics of the decoders of all sessions, as of the last sweep. */
  readonly fecTotals = new FecTotals();
  /** Wrapping int32 clocks, moved on by the driver once per batch. */
  nowMs = 0;
  nowUs = 0;

  constructor(options: RelayOptions, environment: RelayEnvironment) {
    const { memory, random } = environment;
    this.options = options;
    this.memory = memory;
    this.bytes = memory.bytes;
    this.policy = environment.policy;
    this.addresses = environment.addresses;
    this.counters = environment.counters;
    this.output = environment.output;
    this.random = random;
    this.hmacSha256 = environment.hmacSha256;
    this.returns = new BlockReturns(memory);
    this.writer = new PacketWriter(memory, this.returns, this);
    this.sessions = new SessionTable(options.maxClients, options.maxSessionsPerAddress, this.addresses, environment.quota, random);
    const expected = expectedSessions(options.maxClients);
    const flowsBySocket = new KeyTable(random(), expected, 3);
    this.egress = new EgressAllocator(options.egressMapping, environment.output, flowsBySocket, random);
    this.flows = new FlowTable(this.egress, this.writer, flowsBySocket, random);
    this.registrations = new RegistrationTable(options.admission === 'registered' ? expected : 0, random);
    this.claims = environment.claims;
    this.forwarding = new ForwardingTable(this.addresses, random);
    this.rateLimiter = new RateLimiter(options.maxClients, options.maxPpsPerClient, options.maxBpsPerClient);
    this.unboundRateLimiter = new UnboundRateLimiter({
      ratePps: options.maxPpsPerUnboundAddress,
      hashSeed: random() | 0,
    });
    this.amplification = new AmplificationGuard(options.maxClients, {
      maxRatio: options.maxAmplificationRatio,
      allowanceBytes: options.amplificationAllowanceBytes,
      verifiedMaxRatio: options.maxVerifiedAmplificationRatio,
    });
    this.reflection = new ReflectionGuard(options.maxClients, {
      maxDestinationsPerWindow: options.maxDestinationsPerWindow,
      windowMs: options.destinationWindowMs,
      fullWindowsToBan: options.fullWindowsToBan,
    });
    this.bans = new BanTable({ durationMs: options.banDurationMs, hashSeed: random() | 0 });
  }

  count(counter: number): void {
    this.counters.values[counter]++;
  }

  dropFromClient(reason: DropReason): void {
    this.counters.clientDrops[reason]++;
  }

  dropFromServer(reason: DropReason): void {
    this.counters.serverDrops[reason]++;
  }

  /** A data or parity packet for the flow's client, from the packet writer: by the path or paths that its session uses. */
  sendPacket(flow: SendFlow, offset: number, length: number, isParity: boolean): boolean {
    const { session } = flow as RelayFlow;
    const { primary } = session;
    if (primary === null) return false;
    if (session.pathCount === 1 || session.multipath === 'standby') return this.sendTo(primary, offset, length);
    if (session.multipath === 'parity') {
      return this.sendTo(isParity ? this.#besides(primary) : primary, offset, length);
    }
    let sent = false;
    for (let path = session.firstPath; path !== null; path = path.nextOfSession) {
      if ((path === primary || path.isAlive(this.nowMs)) && this.sendTo(path, offset, length)) sent = true;
    }
    return sent;
  }

  /** Sends a packet to a session's client by one path, as far as its address may get that much. */
  sendTo(path: RelayPath, offset: number, length: number): boolean {
    if (!this.amplification.allowSend(path.session.slot, length)) return false;
    const { values } = this.counters;
    values[RelayCounter.clientPacketsSent]++;
    values[RelayCounter.clientBytesSent] += length;
    this.output.toClient(offset, length, path);
    return true;
  }

  /** A living path other than the primary one, or that one if there is none. */
  #besides(primary: RelayPath): RelayPath {
    for (let path = primary.session.firstPath; path !== null; path = path.nextOfSession) {
      if (path !== primary && path.isAlive(this.nowMs)) return path;
    }
    return primary;
  }

  /** Makes room for a session in every guard. */
  openSession(session: RelaySession, maxPps: number | undefined, maxBps: number | undefined): void {
    this.sessions.add(session);
    this.rateLimiter.reset(session.slot, this.nowMs, maxPps, maxBps);
    this.amplification.reset(session.slot);
    this.reflection.reset(session.slot, this.nowMs);
    this.count(RelayCounter.sessionsOpened);
  }

  /**
   * Gives a session a path by an address, which is this session's from now on: neither another session here nor one that
   * another relay has keeps it.
   */
  addPath(session: RelaySession, number: number, at: ClientAddress): RelayPath {
    if (this.forwarding.size > 0) this.forwarding.remove(at.ip, at.port);
    return this.sessions.addPath(session, number, at, this.nowMs);
  }

  /** Ends a session: its flows, its blocks, its slot. Its registration, if there is one, may be bound again. */
  closeSession(session: RelaySession): void {
    this.flows.closeIdle(session, 0, this.nowMs);
    session.receiving.close();
    this.sessions.remove(session);
    if (session.registration === null) return;
    session.registration.session = null;
    this.claims?.release(session.registration);
  }

  /** Bans the address that gave the cause, ends its session, and tells the driver. */
  banFor(path: RelayPath): void {
    const high = this.addresses.prefixHigh(path.ip);
    const low = this.addresses.prefixLow(path.ip);
    this.bans.ban(high, low, this.nowMs);
    this.count(RelayCounter.bans);
    this.output.banned(high, low, this.options.banDurationMs);
    this.closeSession(path.session);
  }
}
