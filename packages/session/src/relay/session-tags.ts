import { tagKeys } from '@lightspeed/security';
import type { Microseconds } from '@lightspeed/wire';
import { PacketTags } from '../tags/packet-tags.ts';
import type { LiveRegistration } from './registration-table.ts';
import { RelayCounter } from './relay-counters.ts';
import type { RelayParts } from './relay-parts.ts';
import type { RelaySession } from './relay-session.ts';

/** What {@link SessionTags} takes of a relay. */
export type SessionTagsParts = Pick<RelayParts, 'claims' | 'counters' | 'hmacSha256' | 'memory' | 'options' | 'output' | 'registrations'>;

/**
 * Decides which sessions have packet tags, and gives them their keys (docs/protocol.md, Packet tags). The client begins: until
 * one of its packets bears a right tag, the relay's bear none.
 */
export class SessionTags {
  readonly #parts: SessionTagsParts;

  constructor(parts: SessionTagsParts) {
    this.#parts = parts;
  }

  /** A proof has opened a session: it has tags from the start if its registration wants them. */
  begin(session: RelaySession): void {
    const live = this.#liveOf(session);
    if (live === undefined) return;
    if (this.#isTagged(live)) this.#make(session, live)?.resume(undefined);
    else if (live.wantsTags || this.#parts.options.tags === 'always') this.#give(session, live);
  }

  /** A session was made again from its snapshot. @param newestUs that of the snapshot, undefined if the session had no tags. */
  restore(session: RelaySession, newestUs: Microseconds | undefined): void {
    if (newestUs === undefined) return this.begin(session);
    const live = this.#liveOf(session);
    if (live === undefined) return;
    live.noteTagged();
    this.#make(session, live)?.resume(newestUs);
  }

  /** So many packets with a wrong token came that somebody guesses. */
  noteGuesses(session: RelaySession): void {
    const live = this.#liveOf(session);
    if (live !== undefined && this.#parts.options.tags === 'auto') this.#want(session, live);
  }

  /** The client of a registration wants tags. @returns whether its session is here and has them. */
  want(sessionId: number): boolean {
    const live = this.#parts.registrations.get(sessionId);
    if (live === undefined || !this.#mayTag(live)) return false;
    if (live.session === null) live.wantTags();
    else this.#want(live.session, live);
    return (live.session?.tags ?? null) !== null;
  }

  /** The first packet with a right tag came. */
  noteTagged(session: RelaySession): void {
    const { claims, counters } = this.#parts;
    const live = this.#liveOf(session);
    if (live === undefined) return;
    live.noteTagged();
    claims?.noteTags(live);
    session.isChanged = true;
    counters.values[RelayCounter.sessionsTagged]++;
  }

  #want(session: RelaySession, live: LiveRegistration): void {
    live.wantTags();
    if (session.tags === null) this.#give(session, live);
  }

  #give(session: RelaySession, live: LiveRegistration): void {
    if (this.#make(session, live) !== null) this.#parts.output.tagging(live.sessionId, session.wrongTokens);
  }

  /** @returns null if there is no nonce to make keys of: no proof has opened the session. */
  #make(session: RelaySession, live: LiveRegistration): PacketTags | null {
    const { hmacSha256, memory, registrations } = this.#parts;
    const secret = registrations.secretOf(live);
    if (secret === undefined || hmacSha256 === undefined || !session.isProved) return null;
    const { openingNonce } = live;
    const { up, down } = tagKeys(secret, live.sessionId, openingNonce, hmacSha256);
    session.tags = new PacketTags(memory, { incoming: up, outgoing: down, openingNonce, isFirst: false, isAnswered: false });
    return session.tags;
  }

  #liveOf({ registration }: RelaySession): LiveRegistration | undefined {
    const live = registration === null ? undefined : this.#parts.registrations.get(registration.sessionId);
    return live !== undefined && this.#mayTag(live) ? live : undefined;
  }

  #mayTag(live: LiveRegistration): boolean {
    return live.canTag && this.#parts.options.tags !== 'off';
  }

  #isTagged(live: LiveRegistration): boolean {
    return live.isTagged || this.#parts.claims?.isTagged(live) === true;
  }
}
