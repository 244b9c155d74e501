import type { ProofNoncesState } from '@lightspeed/security';
import { FLAG_FIN, HEADER_BYTES, VERSION_PLAIN, writeHeader } from '@lightspeed/wire';
import { Downstream } from './downstream.ts';
import type { Registration } from './registration-table.ts';
import { RelayCounter } from './relay-counters.ts';
import type { RelayEnvironment, RelayOptions } from './relay-options.ts';
import type { RelaySession } from './relay-session.ts';
import { RelayState } from './relay-state.ts';
import { RelaySnapshots } from './relay-snapshots.ts';
import { Sweep } from './sweep.ts';
import { Upstream } from './upstream.ts';

/**
 * A relay node's data plane as a state machine: no socket, clock or randomness of its own. A packet's way is in
 * `upstream.ts` and `downstream.ts`, step by step.
 *
 * How to drive it: call {@link advance} with the time once per batch, then {@link handleClientDatagram} or
 * {@link handleServerDatagram} for each datagram, then send what the `RelayOutput` was given, then {@link sent}. Call
 * {@link handleTimeout} when the milliseconds that it returned last are over, or sooner. Datagrams lie in the bytes of
 * `environment.memory`, with at least 128 bytes of headroom, and stay untouched until `sent()`.
 *
 * Addresses of clients are handles of `environment.addresses`; those of game servers and in headers are IPv4 as 32-bit
 * numbers. Both may have signed or unsigned form.
 */
export class Relay {
  readonly #state: RelayState;
  readonly #upstream: Upstream;
  readonly #downstream: Downstream;
  readonly #sweep: Sweep;
  /** What a restart keeps. */
  readonly snapshots: RelaySnapshots;

  constructor(options: RelayOptions, environment: RelayEnvironment) {
    this.#state = new RelayState(options, environment);
    this.#upstream = new Upstream(this.#state);
    this.#downstream = new Downstream(this.#state);
    this.#sweep = new Sweep(this.#state);
    this.snapshots = new RelaySnapshots(this.#state, this.#upstream.admission);
  }

  /** Sessions that are open. */
  get sessionCount(): number {
    return this.#state.sessions.size;
  }

  /** Flows that are open. */
  get flowCount(): number {
    return this.#state.flows.size;
  }

  /** Sets the time: wrapping int32 clocks of milliseconds and microseconds. */
  advance(nowMs: number, nowUs: number): void {
    this.#state.nowMs = nowMs | 0;
    this.#state.nowUs = nowUs | 0;
  }

  /**
   * A datagram came in on the data plane's socket.
   * @param ip the client's address and `local` the node's, to which it was sent (0 if that is not known): handles of
   *   `environment.addresses`.
   */
  handleClientDatagram(offset: number, length: number, ip: number, port: number, local: number): void {
    this.#upstream.handle(offset, length, ip | 0, port, local | 0);
  }

  /** A datagram came in on an egress socket; `egress` is the number that `openEgress` returned. */
  handleServerDatagram(egress: number, offset: number, length: number, ip: number, port: number): void {
    this.#downstream.handle(egress, offset, length, ip | 0, port);
  }

  /** Everything given to the output so far is sent: its bytes may be used again. */
  sent(): void {
    this.#state.returns.sent();
  }

  /**
   * Does what is due: closes partial FEC groups, ends sessions and flows that were silent for too long. It never takes
   * long: of very many sessions each call looks at some.
   * @returns milliseconds until it wants to be called again.
   */
  handleTimeout(): number {
    const state = this.#state;
    const { nowMs } = state;
    state.writer.closeDueGroups(nowMs, state.nowUs);
    return state.writer.msUntilDue(nowMs, this.#sweep.advance());
  }

  /**
   * Lets a client in that was authenticated before: its HANDSHAKE with a proof, or with the token, opens the session.
   * @returns false if the session id, or the token at that prefix, is taken already.
   */
  register(registration: Registration): boolean {
    return this.#state.registrations.add(registration);
  }

  /** Ends a registration, and its session with a FIN. @returns whether it was there. */
  unregister(sessionId: number): boolean {
    const { registrations } = this.#state;
    const session = registrations.get(sessionId)?.session ?? null;
    if (session !== null) this.#finish(session);
    this.#state.forwarding.forget(sessionId);
    return registrations.remove(sessionId);
  }

  /** Which proofs of a registration were used, as far as this relay knows. */
  noncesOf(sessionId: number): ProofNoncesState | undefined {
    return this.#state.registrations.get(sessionId)?.nonces;
  }

  /**
   * Another relay of the same port had the session of a registration, and accepted these proofs: none of them is new here.
   * Does nothing while this relay has the session, or if it knows of later proofs.
   */
  noteNonces(sessionId: number, nonces: ProofNoncesState): void {
    const live = this.#state.registrations.get(sessionId);
    if (live === undefined || live.session !== null || nonces.highest <= live.nonces.highest) return;
    live.restoreNonces(nonces);
  }

  /** How long ago the last packet of a registration's session was, in either direction; -1 if it has none here. */
  idleMsOf(sessionId: number): number {
    const session = this.#state.registrations.get(sessionId)?.session ?? null;
    return session === null ? -1 : (this.#state.nowMs - session.lastActivityMs) | 0;
  }

  /** Bans the addresses of a prefix, because another relay of the same node did; see `RelayOutput.banned`. */
  ban(prefixHigh: number, prefixLow: number, durationMs: number): void {
    this.#state.bans.ban(prefixHigh, prefixLow, this.#state.nowMs, durationMs);
  }

  /** Ends every session with a FIN to its client. */
  shutdown(): void {
    const { sessions } = this.#state;
    for (let slot = 0; slot < sessions.slotCount; slot++) {
      const session = sessions.at(slot);
      if (session !== null) this.#finish(session);
    }
    this.#sweep.forget();
  }

  #finish(session: RelaySession): void {
    const state = this.#state;
    let block = state.memory.take();
    if (block < 0) {
      state.output.flush();
      block = state.memory.take();
    }
    if (block >= 0) {
      writeHeader(state.bytes, block, VERSION_PLAIN, FLAG_FIN, session.token, session.takeSequence(), state.nowUs, 0, 0, 0, 0);
      for (let path = session.firstPath; path !== null; path = path.nextOfSession) state.sendTo(path, block, HEADER_BYTES);
      state.returns.afterSend(block);
    }
    state.closeSession(session);
    state.count(RelayCounter.sessionsClosed);
  }
}
