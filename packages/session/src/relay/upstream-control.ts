import { CHALLENGE_BYTES } from '@lightspeed/security';
import { DropReason, FLAG_FIN, FLAG_HANDSHAKE, FLAG_KEEPALIVE, HEADER_BYTES, readSequence, readTimestampUs } from '@lightspeed/wire';
import type { ArenaOffset, ByteLength } from '@lightspeed/wire';
import { challengeIn } from '../challenge-payload.ts';
import { writeAcknowledgement, writeAnswer } from './acknowledgement.ts';
import type { ClientSender } from './client-sender.ts';
import { RelayCounter } from './relay-counters.ts';
import type { Farewell } from './farewell.ts';
import type { RelayParts } from './relay-parts.ts';
import type { PendingFin, RelayPath, RelaySession } from './relay-session.ts';
import { termsInHandshake, termsOfHandshake } from '../protection/agreed/protection-terms.ts';
import type { SessionProtection } from './session-protection.ts';
import type { RelaySessionLifecycle } from './relay-session-lifecycle.ts';

/** What {@link UpstreamControl} takes of a relay. */
export interface UpstreamControlParts extends Pick<RelayParts, 'bytes' | 'challenges' | 'clock' | 'counters'> {
  readonly farewell: Farewell;
  readonly lifecycle: RelaySessionLifecycle;
  readonly protection: SessionProtection;
  readonly sender: ClientSender;
}

/** Answers a session's FINs, HANDSHAKEs and KEEPALIVEs (docs/protocol.md, Sessions, Keepalive). */
export class UpstreamControl {
  readonly #parts: UpstreamControlParts;

  constructor(parts: UpstreamControlParts) {
    this.#parts = parts;
  }

  /** Handles a packet with flags and the session's token. @returns 0, or why it changes nothing. */
  handle(path: RelayPath, flags: number, offset: ArenaOffset, length: ByteLength, isTagged: boolean): DropReason | 0 {
    const { counters, farewell, lifecycle } = this.#parts;
    const { values } = counters;
    const { session } = path;
    if ((flags & FLAG_FIN) !== 0) {
      // A client repeats its FIN until that is answered.
      const isRepeated = session.pendingFin !== null;
      if (!isRepeated) values[RelayCounter.fins]++;
      const fin = this.#noteFin(path, offset);
      // Nobody but the client can have sent a tagged one.
      if (isTagged) farewell.answer(fin);
      return isRepeated ? DropReason.duplicate : 0;
    }
    if ((flags & FLAG_HANDSHAKE) !== 0) {
      values[RelayCounter.handshakes]++;
      this.#noteHandshake(session, offset, length);
      this.#acknowledge(path, offset, length);
      return 0;
    }
    values[RelayCounter.keepalives]++;
    if (!session.isVerified && session.dialect === 'standard') lifecycle.noteToken(path);
    // It has taken a sequence number, unless those of control packets are others.
    if (session.receiving.agreed === null) session.receiving.window.leaveOut(readSequence(this.#parts.bytes, offset));
    this.#answer(path, FLAG_KEEPALIVE, offset);
    return 0;
  }

  /** Anybody who guesses the token can send a FIN. It counts when nothing has shown for a second that the client is still there. */
  #noteFin(path: RelayPath, offset: ArenaOffset): PendingFin {
    const { bytes, clock } = this.#parts;
    const { session } = path;
    const sinceMs = session.pendingFin?.sinceMs ?? clock.nowMs;
    session.pendingFin = { path, sequence: readSequence(bytes, offset), timestampUs: readTimestampUs(bytes, offset), sinceMs };
    return session.pendingFin;
  }

  /**
   * A client that starts over from the same port sends sequence 0 with a newer timestamp. What it sends from then on must
   * not be taken for duplicates. The same HANDSHAKE again is a retransmission.
   */
  #noteHandshake(session: RelaySession, offset: ArenaOffset, length: ByteLength): void {
    const { bytes, protection } = this.#parts;
    const sequence = readSequence(bytes, offset);
    const timestampUs = readTimestampUs(bytes, offset);
    const first = session.handshakeSequence < 0;
    const newer = ((timestampUs - session.handshakeTimestampUs) | 0) > 0;
    const isFresh = first || (newer && sequence === 0);
    if (!first && isFresh) session.receiving.restart();
    // Only what opens a session, or starts it over, has a say in its protection.
    if (isFresh && session.registration === null) protection.asked(session, termsOfHandshake(challengeIn(bytes, offset, length)), first);
    if (first || newer) {
      session.handshakeSequence = sequence;
      session.handshakeTimestampUs = timestampUs;
    }
  }

  /** Whoever can answer challenges is asked to, until the path is validated. */
  #acknowledge(path: RelayPath, offset: ArenaOffset, length: ByteLength): void {
    const { bytes, challenges, lifecycle, protection, sender } = this.#parts;
    const { session } = path;
    const { registration, token } = session;
    if (registration !== null) {
      if (!session.isProved || !registration.answersChallenges) return this.#answer(path, FLAG_HANDSHAKE, offset);
      const challenge = path.isValidated ? 0n : challenges.for(registration.sessionId, path);
      sender.acknowledge(path, offset, writeAcknowledgement(bytes, offset, token, [challenge, registration.openingNonce]));
      return;
    }
    if (length !== HEADER_BYTES + CHALLENGE_BYTES) return this.#answer(path, FLAG_HANDSHAKE, offset);
    if (termsOfHandshake(challengeIn(bytes, offset, length)) !== undefined) {
      const terms = protection.answerFor(session);
      if (terms === undefined) return this.#answer(path, FLAG_HANDSHAKE, offset);
      sender.sendTo(path, offset, writeAcknowledgement(bytes, offset, token, [termsInHandshake(terms)]));
      return;
    }
    if (challenges.isAnswered(challengeIn(bytes, offset, length), 0, path)) {
      lifecycle.validate(path);
      protection.confirm(session);
    }
    const challenge = path.isValidated && !protection.isUnproven(session) ? 0n : challenges.for(0, path);
    sender.sendTo(path, offset, writeAcknowledgement(bytes, offset, token, [challenge]));
  }

  #answer(path: RelayPath, flags: number, offset: ArenaOffset): void {
    const { bytes, sender } = this.#parts;
    writeAnswer(bytes, offset, flags, path.session.token);
    sender.sendTo(path, offset, HEADER_BYTES);
  }
}
