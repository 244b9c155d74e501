import type { Registrations } from '../control/registrations.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { SavedClient } from './saved-state.ts';
import type { StateFolder } from './state-folder.ts';

/** Saving costs the workers a microsecond or so a session: the more there are, the less often. */
const SAVE_EVERY_MS = 2_000;
const SAVE_MS_PER_CLIENT = 1;

const NO_RESUMES = Object.freeze({ highest: -1n, below: 0n });

/** Saves registrations and their sessions every now and then, so that a node that is killed can go on with them. */
export class SessionKeeper {
  readonly #folder: StateFolder;
  readonly #registrations: Registrations;
  readonly #supervisor: Supervisor;
  #savedMs = performance.now();

  constructor(folder: StateFolder, registrations: Registrations, supervisor: Supervisor) {
    this.#folder = folder;
    this.#registrations = registrations;
    this.#supervisor = supervisor;
  }

  /** To be called often. */
  async saveIfDue(nowMs: number): Promise<void> {
    const everyMs = Math.max(SAVE_EVERY_MS, this.#registrations.size * SAVE_MS_PER_CLIENT);
    if (nowMs - this.#savedMs < everyMs) return;
    this.#savedMs = nowMs;
    await this.#folder.save(await this.#clients());
  }

  async #clients(): Promise<SavedClient[]> {
    if (this.#registrations.size === 0) return [];
    const sessions = await this.#supervisor.saveSessions();
    const clients: SavedClient[] = [];
    for (const { registered, ticket, resumes } of this.#registrations.all) {
      const { sessionId, ip, token, dialect, secretHex } = registered;
      const one = sessions.get(sessionId);
      const nonces = one?.session.nonces ?? this.#supervisor.noncesOf(sessionId);
      const { session, worker = 0 } = one ?? {};
      clients.push({
        sessionId,
        ip,
        token,
        dialect,
        // A Buffer would be written as the object that its toJSON gives.
        secret: secretHex === undefined ? undefined : new Uint8Array(Buffer.from(secretHex, 'hex')),
        ticket,
        resumes: resumes?.state ?? NO_RESUMES,
        nonces,
        session,
        worker,
      });
    }
    return clients;
  }
}
