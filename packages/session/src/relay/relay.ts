import type { DestinationPolicyOptions, ProofNoncesState } from '@lightspeed/security';
import type { AddressHandle, ArenaOffset, ByteLength, EgressId, Microseconds, Milliseconds, Port } from '@lightspeed/wire';
import { Downstream } from './downstream.ts';
import type { Registration } from './registration-table.ts';
import type { RelayEnvironment, RelayLimits, RelayOptions } from './relay-options.ts';
import { SessionAdmission } from './admission.ts';
import { ClientSender } from './client-sender.ts';
import { Farewell } from './farewell.ts';
import { EgressAllocator } from './egress-allocator.ts';
import { FlowReports } from './flow-reports.ts';
import { FlowTable } from './flow-table.ts';
import { Misuse } from './misuse.ts';
import { makeRelayParts } from './relay-parts.ts';
import type { RelayParts } from './relay-parts.ts';
import { RelaySessionLifecycle } from './relay-session-lifecycle.ts';
import { expectedSessions } from './session-table.ts';
import { UpstreamControl } from './upstream-control.ts';
import { UpstreamData } from './upstream-data.ts';
import { KeyTable } from '../key-table.ts';
import { PacketWriter } from '../packet-writer.ts';
import type { ProtectionTerms } from '../protection/agreed/protection-terms.ts';
import type { LossCounts } from '../receive-state.ts';
import { RelaySnapshots } from './relay-snapshots.ts';
import { SessionProtection } from './session-protection.ts';
import { SessionReports } from './session-reports.ts';
import { SessionTags } from './session-tags.ts';
import { Sweep } from './sweep.ts';
import { Upstream } from './upstream.ts';

/**
 * A relay node's data plane as a state machine: no socket, clock or randomness of its own. A packet's way is in
 * `upstream.ts` and `downstream.ts`, step by step.
 *
 * How to drive it: call {@link advance} with the time once per batch, and {@link handleClientDatagram} or
 * {@link handleServerDatagram} for each datagram. Then send what the `RelayOutput` was given, and call {@link sent}. Call
 * {@link handleTimeout} when the milliseconds that it returned last are over, or sooner. Datagrams lie in the bytes of
 * `environment.memory`, with at least 128 bytes of headroom, and stay untouched until `sent()`.
 *
 * Addresses of clients are handles of `environment.addresses`; those of game servers and in headers are IPv4 as 32-bit
 * numbers. Both may have signed or unsigned form.
 */
export class Relay {
  readonly #parts: RelayParts;
  readonly #upstream: Upstream;
  readonly #downstream: Downstream;
  readonly #flows: FlowTable;
  readonly #writer: PacketWriter;
  readonly #farewell: Farewell;
  readonly #tagging: SessionTags;
  readonly #protection: SessionProtection;
  readonly #sweep: Sweep;
  /** What a restart keeps. */
  readonly snapshots: RelaySnapshots;

  constructor(options: RelayOptions, environment: RelayEnvironment) {
    const parts = makeRelayParts(options, environment);
    const { memory, output, random, returns } = parts;
    const sender = new ClientSender(parts);
    const writer = new PacketWriter(memory, returns, sender, parts.clock);
    const flowsBySocket = new KeyTable(random(), expectedSessions(options.maxClients), 3);
    const egress = new EgressAllocator(options, output, flowsBySocket, parts.shares, random);
    const reports = new FlowReports(parts);
    const flows = new FlowTable(egress, writer, reports, flowsBySocket, random);
    const protection = new SessionProtection({ ...parts, reports, writer });
    const lifecycle = new RelaySessionLifecycle({ ...parts, flows, protection, reports });
    const farewell = new Farewell({ ...parts, lifecycle, sender });
    const tagging = new SessionTags(parts);
    const withSessions = { ...parts, farewell, flows, lifecycle, protection, sender, tagging, writer };
    const admission = new SessionAdmission(withSessions);
    const control = new UpstreamControl(withSessions);
    const data = new UpstreamData({ ...withSessions, misuse: new Misuse(withSessions) });
    this.#upstream = new Upstream({ ...withSessions, admission, control, data });
    this.#downstream = new Downstream({ ...withSessions, egress });
    this.#sweep = new Sweep({ ...withSessions, egress, reports, sessionReports: new SessionReports(parts) });
    this.snapshots = new RelaySnapshots(withSessions);
    this.#parts = parts;
    this.#flows = flows;
    this.#writer = writer;
    this.#farewell = farewell;
    this.#tagging = tagging;
    this.#protection = protection;
  }

  /** Sessions that are open. */
  get sessionCount(): number {
    return this.#parts.sessions.size;
  }

  /** Flows that are open. */
  get flowCount(): number {
    return this.#flows.size;
  }

  /** Sets the time: wrapping int32 clocks of milliseconds and microseconds. */
  advance(nowMs: Milliseconds, nowUs: Microseconds): void {
    this.#parts.clock.set(nowMs, nowUs);
  }

  /**
   * A datagram came in on the data plane's socket.
   * @param ip the client's address and `local` the node's, to which it was sent (0 if that is not known): handles of
   *   `environment.addresses`.
   */
  handleClientDatagram(offset: ArenaOffset, length: ByteLength, ip: AddressHandle, port: Port, local: AddressHandle): void {
    this.#upstream.handle(offset, length, ip | 0, port, local | 0);
  }

  /** A datagram came in on an egress socket; `egress` is the number that `openEgress` returned. */
  handleServerDatagram(egress: EgressId, offset: ArenaOffset, length: ByteLength, ip: AddressHandle, port: Port): void {
    this.#downstream.handle(egress, offset, length, ip | 0, port);
  }

  /** Everything given to the output so far is sent: its bytes may be used again. */
  sent(): void {
    this.#parts.returns.sent();
  }

  /**
   * Does what is due: closes partial FEC groups, ends sessions and flows that were silent for too long. It never takes
   * long: of very many sessions each call looks at some.
   * @returns milliseconds until it wants to be called again.
   */
  handleTimeout(): Milliseconds {
    const { nowMs, nowUs } = this.#parts.clock;
    this.#writer.advance(nowMs, nowUs);
    return this.#writer.msUntilDue(nowMs, this.#sweep.advance());
  }

  /**
   * Asked when a batch of datagrams is handled: whether {@link handleTimeout} must be called sooner than it said, since something
   * waits to go out.
   * @returns milliseconds until then, or -1.
   */
  msUntilSooner(): Milliseconds | -1 {
    return this.#writer.repeats.msUntilSooner(this.#parts.clock.nowMs);
  }

  /**
   * Lets a client in that was authenticated before: its HANDSHAKE with a proof, or with the token, opens the session.
   * @returns false if the session id, or the token at that prefix, is taken already.
   */
  register(registration: Registration): boolean {
    return this.#parts.registrations.add(registration);
  }

  /** Ends a registration, and its session with a FIN. @returns whether it was there. */
  unregister(sessionId: number): boolean {
    const { registrations } = this.#parts;
    const session = registrations.get(sessionId)?.session ?? null;
    if (session !== null) this.#farewell.finish(session);
    this.#parts.forwarding.forget(sessionId);
    return registrations.remove(sessionId);
  }

  /**
   * The client of a registration has got packets with wrong tokens, or has tagged its packets before. Its session is to have
   * tags (docs/protocol.md, Packet tags).
   * @returns whether its session is here and has them.
   */
  tag(sessionId: number): boolean {
    return this.#tagging.want(sessionId);
  }

  /**
   * A client has registered again, and both ends have agreed on something else, or on nothing. It holds from the next packet on.
   */
  agree(sessionId: number, terms: ProtectionTerms | undefined): void {
    const live = this.#parts.registrations.get(sessionId);
    if (live === undefined) return;
    live.protection = terms;
    if (live.session !== null) this.#protection.settle(live.session, terms);
  }

  /**
   * A client has had the node measure a game server that is new to it. To the limit of new servers of its session that is one more
   * (docs/protocol.md, Probes).
   */
  countDestination(sessionId: number): void {
    const session = this.#parts.registrations.get(sessionId)?.session ?? null;
    if (session !== null) this.#parts.limits.admitDestination(session.slot, this.#parts.clock.nowMs);
  }

  /** Which proofs of a registration were used, as far as this relay knows. */
  noncesOf(sessionId: number): ProofNoncesState | undefined {
    return this.#parts.registrations.get(sessionId)?.nonces;
  }

  /**
   * Another relay of the same port had the session of a registration, and accepted these proofs: none of them is new here.
   * Does nothing while this relay has the session, or if it knows of later proofs.
   */
  noteNonces(sessionId: number, nonces: ProofNoncesState): void {
    const live = this.#parts.registrations.get(sessionId);
    if (live === undefined || live.session !== null || nonces.highest <= live.nonces.highest) return;
    live.restoreNonces(nonces);
  }

  /**
   * How long ago a client was last heard, by the id of its registration; -1 if that has no session here. What game servers send to
   * a client does not show that it is still there.
   */
  idleMsOf(sessionId: number): Milliseconds {
    const session = this.#parts.registrations.get(sessionId)?.session ?? null;
    return session === null ? -1 : (this.#parts.clock.nowMs - session.lastHeardMs) | 0;
  }

  /** Loss on the way from the client of a registration's session, since this was asked last; undefined if it has none here. */
  takeLossOf(sessionId: number): LossCounts | undefined {
    return this.#parts.registrations.get(sessionId)?.session?.receiving.takeLoss();
  }

  /** Bans the addresses of a prefix, because another relay of the same node did; see `RelayOutput.banned`. */
  ban(prefixHigh: number, prefixLow: number, durationMs: Milliseconds): void {
    this.#parts.bans.ban(prefixHigh, prefixLow, this.#parts.clock.nowMs, durationMs);
  }

  /**
   * The node's machine has other IPv4 addresses now. Flows to destinations that the policy does not allow any more end; that
   * takes as long as there are flows.
   */
  setOwnAddresses(ips: readonly number[]): void {
    this.#parts.policy.setOwnAddresses(ips);
    this.#closeDenied();
  }

  /** The operator has other rules for destinations now. Flows that they do not allow any more end, as with {@link setOwnAddresses}. */
  setDestinationRules(rules: Pick<DestinationPolicyOptions, 'allow' | 'deny' | 'onlyAllowed'>): void {
    this.#parts.policy.setRules(rules);
    this.#closeDenied();
  }

  /** The operator has other limits now. They hold for sessions that are open too, except for rates that a registration has itself. */
  setLimits(changed: RelayLimits): void {
    const { limits, options, registrations, sessions } = this.#parts;
    Object.assign(options, changed);
    limits.setMaxDestinationsPerWindow(changed.maxDestinationsPerWindow);
    for (let slot = 0; slot < sessions.slotCount; slot++) {
      const session = sessions.at(slot);
      if (session === null) continue;
      const live = session.registration === null ? undefined : registrations.get(session.registration.sessionId);
      limits.setRate(slot, live?.maxPps ?? changed.maxPpsPerClient, live?.maxBps ?? changed.maxBpsPerClient);
    }
  }

  #closeDenied(): void {
    const { policy, sessions } = this.#parts;
    for (let slot = 0; slot < sessions.slotCount; slot++) {
      const session = sessions.at(slot);
      if (session !== null) this.#flows.closeDenied(session, policy);
    }
  }

  /** Ends every session with a FIN to its client. */
  shutdown(): void {
    const { sessions } = this.#parts;
    for (let slot = 0; slot < sessions.slotCount; slot++) {
      const session = sessions.at(slot);
      if (session !== null) this.#farewell.finish(session);
    }
    this.#sweep.forget();
  }
}
