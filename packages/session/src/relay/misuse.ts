import { RelayCounter } from './relay-counters.ts';
import type { RelayParts } from './relay-parts.ts';
import type { RelayPath, RelaySession } from './relay-session.ts';
import type { RelaySessionLifecycle } from './relay-session-lifecycle.ts';
import type { SessionTags } from './session-tags.ts';

/** What {@link Misuse} takes of a relay. */
export interface MisuseParts extends Pick<RelayParts, 'addresses' | 'bans' | 'clock' | 'counters' | 'options' | 'output'> {
  readonly lifecycle: RelaySessionLifecycle;
  readonly tagging: SessionTags;
}

/**
 * Bans whose sessions open new destinations for too long (docs/protocol.md, Limits). Nobody is banned for packets that others
 * may have sent in his name. So it depends on how sure it is who has sent the last one.
 *
 * ```
 *   it bears a right tag                                  who registered is banned
 *   it bears none, and the client can tag                 the client is asked for tags; what comes then decides
 *   the client cannot tag, but has proved itself          who registered is banned, unless wrong tokens have come too
 *   anybody's session at an open node                     its address is banned, if it is validated; likewise
 * ```
 */
export class Misuse {
  readonly #parts: MisuseParts;

  constructor(parts: MisuseParts) {
    this.#parts = parts;
  }

  /** A session has opened new destinations for as long as earns a ban, with a packet by this path. It ends with its ban. */
  punish(path: RelayPath, isTagged: boolean): void {
    const { session } = path;
    const isSure = session.registration === null ? session.forged === 0 && path.isValidated : isTagged || this.#isOwn(session);
    if (!isSure) return;
    this.#ban(path);
    this.#parts.lifecycle.close(session);
  }

  /** Whether a packet without a tag must be that of a registration's client. */
  #isOwn(session: RelaySession): boolean {
    return !this.#parts.tagging.ask(session) && session.isProved && session.forged === 0;
  }

  /** A registered client is reported: the control plane bans its account. */
  #ban({ session: { registration }, ip }: RelayPath): void {
    const { addresses, bans, clock, counters, options, output } = this.#parts;
    counters.values[RelayCounter.bans]++;
    if (registration !== null) return output.misused(registration.sessionId);
    const high = addresses.prefixHigh(ip);
    const low = addresses.prefixLow(ip);
    bans.ban(high, low, clock.nowMs, options.banDurationMs);
    output.banned(high, low, options.banDurationMs);
  }
}
