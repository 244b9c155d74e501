import type { ParsedNodeSettings } from '../settings/register-settings.ts';
import type { SessionPlace, SessionStore } from '../settings/session-store.ts';
import { earlierSession, keptOf } from './registered-session.ts';
import type { EarlierSession, RegisteredSession } from './registered-session.ts';

/** Keeps the session with one node for the next run of the program, if the settings say where. */
export class SessionKeeper {
  readonly #node: Pick<ParsedNodeSettings, 'name' | 'ticket'>;
  readonly #sessions: SessionStore | undefined;
  #taking: Promise<SessionPlace | undefined> | undefined;
  #earlier: EarlierSession | undefined;

  constructor(node: Pick<ParsedNodeSettings, 'name' | 'ticket'>, sessions: SessionStore | undefined) {
    this.#node = node;
    this.#sessions = sessions;
  }

  /** The session that an earlier run has left, if any. */
  async earlier(): Promise<EarlierSession | undefined> {
    this.#taking ??= this.#sessions?.take(this.#node.name, this.#node.ticket);
    const kept = (await this.#taking)?.kept;
    if (kept !== undefined) this.#earlier ??= earlierSession(kept);
    return this.#earlier;
  }

  /** The node has given a session: keeps it. @returns whether it is that of the earlier run. */
  note(session: RegisteredSession): boolean {
    const isEarlier = session.nonces === this.#earlier?.nonces;
    void this.#taking?.then((place) => {
      const kept = keptOf(session, isEarlier ? (place?.kept?.nonces ?? 0n) : 0n);
      return kept && place?.keep(kept);
    });
    return isEarlier;
  }

  /** Lets other programs have the place. @param isOver whether the session is over. */
  async leave(isOver: boolean): Promise<void> {
    const place = await this.#taking;
    await place?.leave(isOver);
  }
}
