import {
  DropReason,
  FLAG_HANDSHAKE,
  FLAG_KEEPALIVE,
  FLAG_FIN,
  FLAG_FRAGMENT,
  checkPacket,
  readFlags,
  readToken,
} from '@lightspeed/wire';
import type { Dialect } from '@lightspeed/wire';
import { RelaySession } from './relay-session.ts';
import type { RelayState } from './relay-state.ts';

/**
 * Opens sessions for packets from addresses that have none (docs/protocol.md, Sessions). Nothing is sent to such an
 * address but the acknowledgement of its own HANDSHAKE, which is not longer than that.
 */
export class SessionAdmission {
  readonly #state: RelayState;

  constructor(state: RelayState) {
    this.#state = state;
  }

  /**
   * @returns the new session, or null if the packet was dropped (and counted). The packet is still to be handled.
   */
  admit(offset: number, length: number, ip: number, port: number): RelaySession | null {
    const state = this.#state;
    if (!state.unboundRateLimiter.admit(ip, state.nowMs)) return this.#refuse(DropReason.unboundRate);
    const { admission, dialect } = state.options;
    const registered = admission === 'registered';
    // Neither dialect's data can be read before the session's is known, but the first 20 bytes are the same.
    const refusal = checkPacket(state.bytes, offset, length, dialect);
    if (refusal !== 0 && !(registered && length >= 20)) return this.#refuse(refusal);
    const flags = readFlags(state.bytes, offset);
    if ((flags & FLAG_FRAGMENT) !== 0) return this.#refuse(DropReason.fragment);
    if ((flags & FLAG_FIN) !== 0) return this.#refuse(DropReason.unknownSession);
    const token = readToken(state.bytes, offset);
    return registered
      ? this.#admitRegistered(flags, token, ip, port)
      : this.#admitAnyone(flags, token, dialect, ip, port);
  }

  /** By address and token: a HANDSHAKE, or in dialect `reference`, which has none, the first packet. */
  #admitRegistered(flags: number, token: number, ip: number, port: number): RelaySession | null {
    const { registrations } = this.#state;
    const isHandshake = (flags & FLAG_HANDSHAKE) !== 0;
    const registration = registrations.match(ip, token);
    if (registration === undefined || !(isHandshake || registration.dialect === 'reference')) {
      return this.#refuse(isHandshake ? DropReason.notAdmitted : DropReason.unknownSession);
    }
    const { sessionId, dialect } = registration;
    const session = this.#open(ip, port, token, dialect, sessionId, sessionId);
    if (session === null) return null;
    registrations.bind(sessionId);
    // The token went to this address over the control connection.
    this.#state.amplification.setVerified(session.slot);
    return session;
  }

  #admitAnyone(flags: number, token: number, dialect: Dialect, ip: number, port: number): RelaySession | null {
    const state = this.#state;
    const id = state.random() >>> 0;
    if (dialect === 'reference') {
      // No acknowledgement could tell such a client a token, so the one that it came with stays.
      const opens = (flags & FLAG_KEEPALIVE) === 0;
      return opens ? this.#open(ip, port, token, dialect, id, -1) : this.#refuse(DropReason.unknownSession);
    }
    if ((flags & FLAG_HANDSHAKE) === 0) return this.#refuse(DropReason.unknownSession);
    if (token !== 0) return this.#refuse(DropReason.notAdmitted);
    return this.#open(ip, port, 1 + ((state.random() >>> 0) % 255), dialect, id, -1);
  }

  #open(
    ip: number,
    port: number,
    token: number,
    dialect: Dialect,
    id: number,
    registrationId: number,
  ): RelaySession | null {
    const state = this.#state;
    const slot = state.sessions.reserve(ip);
    if (slot < 0) return this.#refuse(state.sessions.refusal);
    const session = new RelaySession(
      slot,
      id,
      ip,
      port,
      token,
      dialect,
      registrationId,
      state.memory,
      state.closedFec,
      state.nowMs,
    );
    state.openSession(session);
    return session;
  }

  #refuse(reason: DropReason): null {
    this.#state.dropFromClient(reason);
    return null;
  }
}
