import { ANSWERING_PROOF_PACKET_BYTES, PROOF_PACKET_BYTES, UNVALIDATED_RATIO, readProof, verifyProof } from '@lightspeed/security';
import type { Proof } from '@lightspeed/security';
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
import type { ArenaOffset, ByteLength, Dialect, SessionToken } from '@lightspeed/wire';
import { MAX_PATHS, MULTIPATH_MODES } from '../base/multipath.ts';
import type { LiveRegistration } from './registration-table.ts';
import { RelayCounter } from './relay-counters.ts';
import type { RelayPath } from './relay-session.ts';
import type { RelaySession } from './relay-session.ts';
import { writeAcknowledgement, writeAnswer } from './acknowledgement.ts';
import type { ClientAddress } from './client-address.ts';
import type { ClientSender } from './client-sender.ts';
import { OWN_CLAIM } from './relay-options.ts';
import type { RelayParts } from './relay-parts.ts';
import type { RelaySessionLifecycle } from './relay-session-lifecycle.ts';
import type { SessionTags } from './session-tags.ts';

/** A program that was started again takes nonces that are farther ahead than any run of it gets. */
const NONCES_OF_A_RUN = 2n ** 31n;

/** What {@link SessionAdmission} takes of a relay. */
export interface AdmissionParts extends Pick<
  RelayParts,
  | 'addresses'
  | 'bytes'
  | 'challenges'
  | 'claims'
  | 'clock'
  | 'counters'
  | 'echoRateLimiter'
  | 'forwarding'
  | 'hmacSha256'
  | 'options'
  | 'output'
  | 'proofRateLimiter'
  | 'random'
  | 'registrations'
  | 'sessions'
  | 'unboundRateLimiter'
> {
  readonly lifecycle: RelaySessionLifecycle;
  readonly sender: ClientSender;
  readonly tagging: SessionTags;
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
    // Data of 28 or 36 bytes has the same length: look at the flags before anything is allocated.
    return (
      (length === PROOF_PACKET_BYTES || length === ANSWERING_PROOF_PACKET_BYTES) &&
      (readFlags(bytes, offset) & FLAG_HANDSHAKE) !== 0 &&
      hmacSha256 !== undefined &&
      readProof(bytes, offset, length) !== undefined
    );
  }

  /**
   * @param bound the path that has the address already, if any.
   * @param isProof what {@link carriesProof} says.
   * @param from where the packet came from.
   * @returns the path that has it now, or null if there is nothing more to do: the packet was dropped and counted, forwarded, or
   *   answered with a challenge. Otherwise it is still to be handled.
   */
  admit(bound: RelayPath | null, offset: ArenaOffset, length: ByteLength, isProof: boolean, from: ClientAddress): RelayPath | null {
    const { bytes, options } = this.#parts;
    // The book has no room for its address: as many clients are here as there may be.
    if (from.ip === NO_ADDRESS) return this.#refuse(DropReason.sessionLimit);
    const proof = isProof ? readProof(bytes, offset, length) : undefined;
    const live = proof && this.#parts.registrations.get(proof.sessionId);
    if (!this.#isWithinRate(bound, live, from)) return this.#refuse(DropReason.unboundRate);
    const { admission, dialect } = options;
    const registered = admission === 'registered';
    // Neither dialect's data can be read before the session's is known, but the first 20 bytes are the same.
    const refusal = checkPacket(bytes, offset, length, dialect);
    if (refusal !== 0 && !(registered && length >= HEADER_BYTES)) return this.#refuse(refusal);
    const flags = readFlags(bytes, offset);
    if ((flags & FLAG_FRAGMENT) !== 0) return this.#refuse(DropReason.fragment);
    if ((flags & FLAG_FIN) !== 0) return this.#refuse(DropReason.unknownSession);
    if (proof !== undefined) {
      return live === undefined ? this.#refuse(DropReason.notAdmitted) : this.#admitProof(live, proof, bound, offset, length, from);
    }
    const token = readToken(bytes, offset);
    if (registered) return this.#admitRegistered(flags, offset, length, from);
    if (dialect === 'reference' && (flags & FLAG_KEEPALIVE) !== 0) return this.#echo(offset, length, from);
    return this.#admitAnyone(flags, token, dialect, from);
  }

  /**
   * Whether what came may be looked at. Proofs of sessions that are known here have credit of their own, and those from an
   * address of the session once more. Nobody who floods strangers' credit keeps a client from proving itself.
   */
  #isWithinRate(bound: RelayPath | null, live: LiveRegistration | undefined, from: ClientAddress): boolean {
    const { addresses, clock, proofRateLimiter, unboundRateLimiter } = this.#parts;
    if (live === undefined) return unboundRateLimiter.admit(addresses.prefixHigh(from.ip), addresses.prefixLow(from.ip), clock.nowMs);
    const isOwn = bound !== null && bound.session === live.session;
    return proofRateLimiter.admit(live.sessionId | 0, isOwn ? 1 : 0, clock.nowMs);
  }

  /** By proof: opens the session, moves one of its paths to this address, or adds a path. */
  #admitProof(
    live: LiveRegistration,
    proof: Proof,
    bound: RelayPath | null,
    offset: ArenaOffset,
    length: ByteLength,
    from: ClientAddress,
  ): RelayPath | null {
    const { bytes, claims, hmacSha256, lifecycle, registrations } = this.#parts;
    const secret = registrations.secretOf(live);
    if (secret === undefined || hmacSha256 === undefined) return this.#refuse(DropReason.notAdmitted);
    if (readToken(bytes, offset) !== live.token) return this.#refuse(DropReason.badToken);
    if (!verifyProof(bytes, offset, secret, hmacSha256, length)) return this.#refuse(DropReason.badProof);
    const { highest } = live.nonces;
    if (!live.acceptNonce(proof.nonce)) return this.#refuse(DropReason.replayedProof);
    claims?.noteProof(live);
    const number = readHandshakePath(bytes, offset);
    const mode = readHandshakeMode(bytes, offset);
    if (number >= MAX_PATHS || mode >= MULTIPATH_MODES.length) return this.#refuse(DropReason.badProof);

    const isValidated = this.#isValidated(live, proof, bound, from);
    if (this.#isForwarded(live, bound, isValidated, offset, length, from)) return null;
    // Who counts on from so far ahead is another run of the client's program: it has kept the secret, but not its numbers.
    const isAnotherRun = proof.nonce - highest > NONCES_OF_A_RUN;
    const isOpen = live.session !== null;
    const session = live.session ?? this.#openProved(live);
    if (session === null) return null;
    session.isProved = true;
    if (isOpen && isAnotherRun) session.receiving.restart();
    if (!isOpen || isAnotherRun) this.#begin(live, session, proof.nonce);
    session.receiving.window.startsOverOnDuplicates = false;
    lifecycle.setMultipath(session, MULTIPATH_MODES[mode]);
    return lifecycle.bindPath(session, number, from, isValidated) ?? this.#challenge(live, offset, from);
  }

  /** Whether the address is known to receive what is sent to it, for this session. */
  #isValidated(live: LiveRegistration, proof: Proof, bound: RelayPath | null, from: ClientAddress): boolean {
    const { addresses, challenges } = this.#parts;
    if (bound !== null && bound.session === live.session && bound.isValidated) return true;
    if (challenges.isAnswered(proof.challenge, live.sessionId, from)) return true;
    // Who cannot answer has at least shown over the control connection that the address is its own.
    const isHome = addresses.prefixHigh(from.ip) === live.prefixHigh && addresses.prefixLow(from.ip) === live.prefixLow;
    return isHome && !live.answersChallenges;
  }

  /** Somebody else has the address: asks there whether it is this session's now, and changes nothing before that is answered. */
  #challenge(live: LiveRegistration, offset: ArenaOffset, from: ClientAddress): null {
    const { bytes, challenges, counters, sender } = this.#parts;
    if (!live.answersChallenges) return this.#refuse(DropReason.notAdmitted);
    counters.values[RelayCounter.handshakes]++;
    const words = [challenges.for(live.sessionId, from), live.openingNonce];
    sender.sendToAddress(live.session, from, offset, writeAcknowledgement(bytes, offset, live.token, words));
    return null;
  }

  /** By address and token: a HANDSHAKE, or in dialect `reference`, which has none, the first packet. */
  #admitRegistered(flags: number, offset: ArenaOffset, length: ByteLength, from: ClientAddress): RelayPath | null {
    const { addresses, bytes, claims, lifecycle, registrations } = this.#parts;
    const isHandshake = (flags & FLAG_HANDSHAKE) !== 0;
    const live = registrations.match(addresses.prefixHigh(from.ip), addresses.prefixLow(from.ip), readToken(bytes, offset));
    if (live === undefined || !(isHandshake || live.dialect === 'reference')) {
      return this.#refuse(isHandshake ? DropReason.notAdmitted : DropReason.unknownSession);
    }
    // Its client makes proofs, and a token can be guessed.
    if (live.isProved || claims?.isProved(live) === true) return this.#refuse(DropReason.notAdmitted);
    if (this.#isForwarded(live, null, true, offset, length, from)) return null;
    const session = lifecycle.openRegistered(live);
    if (session === null) return this.#refuse(this.#parts.sessions.refusal);
    session.receiving.window.startsOverOnDuplicates = true;
    // The token went to this address over the control connection.
    return lifecycle.addPath(session, 0, from, 0);
  }

  /** Clients of dialect `reference` ask a node so whether it is there, before they open anything. The echo is as long as the question. */
  #echo(offset: ArenaOffset, length: ByteLength, from: ClientAddress): null {
    const { addresses, bytes, clock, counters, echoRateLimiter, sender } = this.#parts;
    const mayEcho = echoRateLimiter.admit(addresses.prefixHigh(from.ip), addresses.prefixLow(from.ip), clock.nowMs);
    if (!mayEcho) return this.#refuse(DropReason.unboundRate);
    counters.values[RelayCounter.keepalives]++;
    writeAnswer(bytes, offset, FLAG_KEEPALIVE, readToken(bytes, offset));
    sender.sendToAddress(null, from, offset, length);
    return null;
  }

  #admitAnyone(flags: number, token: SessionToken, dialect: Dialect, from: ClientAddress): RelayPath | null {
    const { lifecycle, options, random, sessions } = this.#parts;
    // No acknowledgement could tell a client of that dialect a token, so the one that it came with stays.
    let ownToken = token;
    if (dialect === 'standard') {
      if ((flags & FLAG_HANDSHAKE) === 0) return this.#refuse(DropReason.unknownSession);
      if (token !== 0) return this.#refuse(DropReason.notAdmitted);
      ownToken = 1 + ((random() >>> 0) % 255);
    }
    const session = lifecycle.open(from.ip, ownToken, dialect);
    if (session === null) return this.#refuse(sessions.refusal);
    // Who cannot be told a token cannot show it.
    return lifecycle.addPath(session, 0, from, dialect === 'reference' ? options.openRatio : UNVALIDATED_RATIO);
  }

  /**
   * Whether another relay of this port has the registration's session; it then has got the datagram. What comes from the address
   * later is forwarded too, unless it is somebody else's here and not validated.
   */
  #isForwarded(
    live: LiveRegistration,
    bound: RelayPath | null,
    isValidated: boolean,
    offset: ArenaOffset,
    length: ByteLength,
    { ip, port, local }: ClientAddress,
  ): boolean {
    const { claims, counters, forwarding, lifecycle, output } = this.#parts;
    if (claims === undefined || live.session !== null) return false;
    const relay = claims.claim(live);
    if (relay === OWN_CLAIM) return false;
    const isFree = bound === null && forwarding.find(ip, port) < 0;
    if (isFree || isValidated) {
      if (bound !== null) lifecycle.removePath(bound);
      forwarding.add(live.sessionId, relay, ip, port);
    }
    counters.values[RelayCounter.forwarded]++;
    output.forward(relay, offset, length, ip, port, local);
    return true;
  }

  #openProved(live: LiveRegistration): RelaySession | null {
    const { lifecycle, sessions } = this.#parts;
    return lifecycle.openRegistered(live) ?? this.#refuse(sessions.refusal);
  }

  /** The client's numbers begin: so do its tags, with keys of their own. */
  #begin(live: LiveRegistration, session: RelaySession, nonce: bigint): void {
    live.noteOpening(nonce);
    session.pendingFin = null;
    this.#parts.tagging.begin(session);
  }

  #refuse(reason: DropReason): null {
    this.#parts.counters.clientDrops[reason]++;
    return null;
  }
}
