import { tagKeys } from '@lightspeed/security';
import type { Microseconds } from '@lightspeed/wire';
import { FORGED_TO_TAG, PacketTags } from '../tags/packet-tags.ts';
import type { LiveRegistration } from './registration-table.ts';
import { RelayCounter } from './relay-counters.ts';
import type { RelayParts } from './relay-parts.ts';
import type { RelaySession } from './relay-session.ts';

/** What {@link SessionTags} takes of a relay. */
export type SessionTagsParts = Pick<RelayParts, 'claims' | 'counters' | 'hmacSha256' | 'memory' | 'options' | 'output' | 'registrations'>;

/**
 * Decides which sessions have packet tags, and gives them their keys (docs/protocol.md, Packet tags). The client begins: until
 * one of its packets bears a right tag, the relay's bear none, but for every other acknowledgement. Who has tags keeps them, also where `tags` is now `off`: its
 * client would take nothing without one.
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
    else if (this.#parts.options.tags === 'always' || (this.#isWanted(live) && this.#mayBegin)) this.#give(session, live);
  }

  /** A session was made again from its snapshot. @param newestUs that of the snapshot, undefined if the session had no tags. */
  restore(session: RelaySession, newestUs: Microseconds | undefined): void {
    if (newestUs === undefined) return this.begin(session);
    const live = this.#liveOf(session);
    if (live === undefined) return;
    live.noteTagged();
    this.#make(session, live)?.resume(newestUs);
  }

  /** A packet with a wrong token or tag came in the name of a session's client. Eight of them show that somebody guesses. */
  noteForged(session: RelaySession): void {
    if (++session.forged !== FORGED_TO_TAG || session.registration === null) return;
    const { counters, options, output } = this.#parts;
    counters.values[RelayCounter.sessionsAttacked]++;
    output.attacked(session.registration.sessionId);
    const live = this.#liveOf(session);
    if (live !== undefined && options.tags === 'auto') this.#want(session, live);
  }

  /** The client of a registration wants tags. @returns whether its session is here and has them. */
  want(sessionId: number): boolean {
    const live = this.#parts.registrations.get(sessionId);
    if (live === undefined || !live.canTag) return false;
    if (this.#mayBegin && live.session !== null) this.#want(live.session, live);
    else if (this.#mayBegin) this.#note(live);
    return (live.session?.tags ?? null) !== null;
  }

  /** Asks the client of a session for tags, if it can have them. @returns whether it can, and was asked now or before */
  ask(session: RelaySession): boolean {
    const live = this.#liveOf(session);
    if (live !== undefined && session.tags === null && this.#mayBegin) this.#want(session, live);
    return session.tags !== null;
  }

  /** The first packet with a right tag came. */
  noteTagged(session: RelaySession): void {
    const { claims, counters } = this.#parts;
    const live = this.#liveOf(session);
    if (live === undefined) return;
    live.noteTagged();
    claims?.noteTags(live);
    session.isChanged = true;
    // The client would have tagged its own.
    session.pendingFin = null;
    counters.values[RelayCounter.sessionsTagged]++;
  }

  #want(session: RelaySession, live: LiveRegistration): void {
    this.#note(live);
    if (session.tags === null) this.#give(session, live);
  }

  /** Another relay that has the session later must know what its client is told. */
  #note(live: LiveRegistration): void {
    live.wantTags();
    this.#parts.claims?.wantTags(live);
  }

  #give(session: RelaySession, live: LiveRegistration): void {
    if (this.#make(session, live) !== null) this.#parts.output.tagging(live.sessionId);
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
    return live?.canTag === true ? live : undefined;
  }

  /** Whether sessions without tags may get them. */
  get #mayBegin(): boolean {
    return this.#parts.options.tags !== 'off';
  }

  #isWanted(live: LiveRegistration): boolean {
    return live.wantsTags || this.#parts.claims?.wantsTags(live) === true;
  }

  #isTagged(live: LiveRegistration): boolean {
    return live.isTagged || this.#parts.claims?.isTagged(live) === true;
  }
}
