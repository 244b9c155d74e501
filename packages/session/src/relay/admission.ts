import { PROOF_PACKET_BYTES, readProof, verifyProof } from '@lightspeed/security';
import {
  DropReason,
  FLAG_FIN,
  FLAG_FRAGMENT,
  FLAG_HANDSHAKE,
  FLAG_KEEPALIVE,
  HEADER_BYTES,
  NO_ADDRESS,
  checkPacket,
  readHandshakeMode,
  readFlags,
  readHandshakePath,
  readToken,
} from '@lightspeed/wire';
import type { AddressHandle, ArenaOffset, ByteLength, Dialect, PathNumber, SessionToken } from '@lightspeed/wire';
import { MAX_PATHS, MULTIPATH_MODES } from '../multipath.ts';
import type { LiveRegistration } from './registration-table.ts';
import { RelayCounter } from './relay-counters.ts';
import type { RelayPath } from './relay-session.ts';
import type { RelaySession } from './relay-session.ts';
import type { ClientAddress } from './client-address.ts';
import { OWN_CLAIM } from './relay-options.ts';
import type { RelayParts } from './relay-parts.ts';
import type { RelaySessionLifecycle } from './relay-session-lifecycle.ts';

/** What {@link SessionAdmission} takes of a relay. */
export interface AdmissionParts extends Pick<
  RelayParts,
  | 'addresses'
  | 'amplification'
  | 'bytes'
  | 'claims'
  | 'clock'
  | 'counters'
  | 'forwarding'
  | 'hmacSha256'
  | 'options'
  | 'output'
  | 'random'
  | 'registrations'
  | 'sessions'
  | 'unboundRateLimiter'
> {
  readonly lifecycle: RelaySessionLifecycle;
}

/**
 * Binds addresses to sessions (docs/protocol.md, Sessions, Paths). An address that is not bound gets only the
 * acknowledgement of its own HANDSHAKE, which is not longer than the HANDSHAKE. It gets nothing after a proof that
 * failed.
 */
export class SessionAdmission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Whether the packet is a HANDSHAKE that claims to prove its session, on a relay that can check it. */
  carriesProof(offset: ArenaOffset, length: ByteLength): boolean {
    const { bytes, hmacSha256 } = this.#parts;
    // Data of 28 bytes has the same length: look at the flags before anything is allocated.
    return (
      length === PROOF_PACKET_BYTES &&
      (readFlags(bytes, offset) & FLAG_HANDSHAKE) !== 0 &&
      hmacSha256 !== undefined &&
      readProof(bytes, offset, length) !== undefined
    );
  }

  /**
   * @param bound the path that has the address already, if any.
   * @param from where the packet came from.
   * @returns the path that has it now, or null if the packet was dropped (and counted). The packet is still to be handled.
   */
  admit(bound: RelayPath | null, offset: ArenaOffset, length: ByteLength, from: ClientAddress): RelayPath | null {
    const { addresses, bytes, clock, options, unboundRateLimiter } = this.#parts;
    // The book has no room for its address: as many clients are here as there may be.
    if (from.ip === NO_ADDRESS) return this.#refuse(DropReason.sessionLimit);
    const isWithinRate = unboundRateLimiter.admit(addresses.prefixHigh(from.ip), addresses.prefixLow(from.ip), clock.nowMs);
    if (!isWithinRate) return this.#refuse(DropReason.unboundRate);
    const { admission, dialect } = options;
    const registered = admission === 'registered';
    // Neither dialect's data can be read before the session's is known, but the first 20 bytes are the same.
    const refusal = checkPacket(bytes, offset, length, dialect);
    if (refusal !== 0 && !(registered && length >= HEADER_BYTES)) return this.#refuse(refusal);
    const flags = readFlags(bytes, offset);
    if ((flags & FLAG_FRAGMENT) !== 0) return this.#refuse(DropReason.fragment);
    if ((flags & FLAG_FIN) !== 0) return this.#refuse(DropReason.unknownSession);
    if (this.carriesProof(offset, length)) return this.#admitProof(bound, offset, length, from);
    const token = readToken(bytes, offset);
    return registered ? this.#admitRegistered(flags, offset, length, from) : this.#admitAnyone(flags, token, dialect, from);
  }

  /** By proof: opens the session, moves one of its paths to this address, or adds a path. */
  #admitProof(bound: RelayPath | null, offset: ArenaOffset, length: ByteLength, from: ClientAddress): RelayPath | null {
    const { amplification, bytes, counters, hmacSha256, lifecycle, registrations } = this.#parts;
    const proof = readProof(bytes, offset, length);
    const live = proof && registrations.get(proof.sessionId);
    if (proof === undefined || live === undefined || hmacSha256 === undefined) return this.#refuse(DropReason.notAdmitted);
    const secret = registrations.secretOf(live);
    if (secret === undefined) return this.#refuse(DropReason.notAdmitted);
    if (readToken(bytes, offset) !== live.token) return this.#refuse(DropReason.badToken);
    if (!verifyProof(bytes, offset, secret, hmacSha256)) return this.#refuse(DropReason.badProof);
    if (!live.acceptNonce(proof.nonce)) return this.#refuse(DropReason.replayedProof);
    const number = readHandshakePath(bytes, offset);
    const mode = readHandshakeMode(bytes, offset);
    if (number >= MAX_PATHS || mode >= MULTIPATH_MODES.length) return this.#refuse(DropReason.badProof);

    if (this.#isForwarded(live, offset, length, from)) {
      if (bound !== null) lifecycle.removePath(bound);
      return null;
    }
    const session = live.session ?? this.#openRegistered(live, from.ip);
    if (session === null) return null;
    session.receiving.window.startsOverOnDuplicates = false;
    lifecycle.setMultipath(session, MULTIPATH_MODES[mode]);
    amplification.setVerified(session.slot);
    if (bound !== null && bound.session === session && bound.number === number) return bound;
    // The address is this session's now, whoever had it before: an address translator may have handed it on.
    if (bound !== null) lifecycle.removePath(bound);
    const before = pathNumbered(session, number);
    const wasPrimary = before !== null && before === session.primary;
    if (before !== null) {
      lifecycle.removePath(before);
      counters.values[RelayCounter.pathsMoved]++;
    } else if (session.pathCount > 0) {
      counters.values[RelayCounter.pathsAdded]++;
    }
    const path = lifecycle.addPath(session, number, from);
    if (wasPrimary) lifecycle.setPrimary(path);
    return path;
  }

  /** By address and token: a HANDSHAKE, or in dialect `reference`, which has none, the first packet. */
  #admitRegistered(flags: number, offset: ArenaOffset, length: ByteLength, from: ClientAddress): RelayPath | null {
    const { addresses, amplification, bytes, lifecycle, registrations } = this.#parts;
    const isHandshake = (flags & FLAG_HANDSHAKE) !== 0;
    const live = registrations.match(addresses.prefixHigh(from.ip), addresses.prefixLow(from.ip), readToken(bytes, offset));
    if (live === undefined || !(isHandshake || live.dialect === 'reference')) {
      return this.#refuse(isHandshake ? DropReason.notAdmitted : DropReason.unknownSession);
    }
    if (this.#isForwarded(live, offset, length, from)) return null;
    const session = this.#openRegistered(live, from.ip);
    if (session === null) return null;
    session.receiving.window.startsOverOnDuplicates = true;
    // The token went to this address over the control connection.
    amplification.setVerified(session.slot);
    return lifecycle.addPath(session, 0, from);
  }

  #admitAnyone(flags: number, token: SessionToken, dialect: Dialect, from: ClientAddress): RelayPath | null {
    const { lifecycle, random, sessions } = this.#parts;
    let ownToken = token;
    if (dialect === 'reference') {
      // No acknowledgement could tell such a client a token, so the one that it came with stays.
      if ((flags & FLAG_KEEPALIVE) !== 0) return this.#refuse(DropReason.unknownSession);
    } else {
      if ((flags & FLAG_HANDSHAKE) === 0) return this.#refuse(DropReason.unknownSession);
      if (token !== 0) return this.#refuse(DropReason.notAdmitted);
      ownToken = 1 + ((random() >>> 0) % 255);
    }
    const session = lifecycle.open(from.ip, ownToken, dialect);
    return session === null ? this.#refuse(sessions.refusal) : lifecycle.addPath(session, 0, from);
  }

  /** Whether another relay of this port has the registration's session; it then has got the datagram. */
  #isForwarded(live: LiveRegistration, offset: ArenaOffset, length: ByteLength, { ip, port, local }: ClientAddress): boolean {
    const { claims, counters, forwarding, output } = this.#parts;
    if (claims === undefined || live.session !== null) return false;
    const relay = claims.claim(live);
    if (relay === OWN_CLAIM) return false;
    forwarding.add(live.sessionId, relay, ip, port);
    counters.values[RelayCounter.forwarded]++;
    output.forward(relay, offset, length, ip, port, local);
    return true;
  }

  #openRegistered(live: LiveRegistration, ip: AddressHandle): RelaySession | null {
    const { lifecycle, sessions } = this.#parts;
    return lifecycle.openRegistered(live, ip) ?? this.#refuse(sessions.refusal);
  }

  #refuse(reason: DropReason): null {
    this.#parts.counters.clientDrops[reason]++;
    return null;
  }
}

function pathNumbered(session: RelaySession, number: PathNumber): RelayPath | null {
  for (let path = session.firstPath; path !== null; path = path.nextOfSession) {
    if (path.number === number) return path;
  }
  return null;
}
