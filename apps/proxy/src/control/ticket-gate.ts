import { DEFAULT_MAX_SESSIONS, TicketSessions, TicketVerifier } from '@lightspeed/security';
import type { ExpiredSession, Ticket, TicketRefusal } from '@lightspeed/security';
import { sha256, verifyEd25519 } from '@lightspeed/security/node';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config/node-config.ts';
import { NodeError, messageOf } from '../base/node-error.ts';
import { Revocations } from './revocations.ts';

/** What lets a client in, for as long as it counts. */
export class TicketGate {
  readonly #sessions: TicketSessions;
  readonly #log: Logger;
  #verifier: TicketVerifier;
  #revocations: Revocations | undefined;
  #list: string | undefined;

  private constructor(config: NodeConfig, revocations: Revocations | undefined, log: Logger) {
    this.#sessions = new TicketSessions({ capacity: config.maxClients, defaultMaxSessions: DEFAULT_MAX_SESSIONS });
    this.#log = log;
    this.#verifier = verifierOf(config);
    this.#revocations = revocations;
    this.#list = config.revocationList;
    this.#useRevocations();
  }

  /** @throws {NodeError} if the revocation list cannot be read: nobody wants to start without the revocations that it holds. */
  static async open(config: NodeConfig, log: Logger): Promise<TicketGate> {
    return new TicketGate(config, await openRevocations(config, log), log);
  }

  /** Sessions that live by a ticket. */
  get size(): number {
    return this.#sessions.size;
  }

  verify(ticket: Uint8Array | undefined): Ticket | TicketRefusal {
    return this.#verifier.verify(ticket, nowSeconds());
  }

  /** The ticket that a session lives by. */
  ticketOf(sessionId: number): Ticket | undefined {
    return this.#sessions.ticketOf(sessionId);
  }

  /** Counts a session. @param isHeld whether it was open before a restart. @returns why the ticket does not allow it. */
  open(ticket: Ticket, sessionId: number, isHeld = false): TicketRefusal | undefined {
    return this.#sessions.open(ticket, sessionId, isHeld);
  }

  /** The sessions that live by a ticket, the oldest first. */
  sessionsOf({ id }: Ticket): readonly number[] {
    return this.#sessions.sessionsOf(id);
  }

  close(sessionId: number): void {
    this.#sessions.close(sessionId);
  }

  /** Sessions whose ticket does not count any more. */
  expired(): readonly ExpiredSession[] {
    return this.#sessions.expired(nowSeconds(), this.#verifier.revocations);
  }

  /** Reads the revocation list again if it has changed. */
  async refresh(): Promise<void> {
    await this.#revocations?.refresh();
    this.#useRevocations();
  }

  /**
   * Takes on other issuers, and the revocation list as it is now. Sessions whose issuer does not count any more stay until they are
   * verified again.
   * @throws {NodeError} if there is another revocation list that cannot be read; nothing has changed then.
   */
  async reload(config: NodeConfig): Promise<void> {
    if (config.revocationList === this.#list) {
      await this.#revocations?.reload();
    } else {
      this.#revocations = await openRevocations(config, this.#log);
      this.#list = config.revocationList;
    }
    this.#verifier = verifierOf(config);
    this.#useRevocations();
  }

  #useRevocations(): void {
    this.#verifier.revocations = this.#revocations?.ids ?? new Set();
  }
}

function verifierOf({ issuerKeys }: NodeConfig): TicketVerifier {
  return new TicketVerifier({ issuers: issuerKeys, verifyEd25519, sha256 });
}

async function openRevocations({ revocationList, stateDir }: NodeConfig, log: Logger): Promise<Revocations | undefined> {
  try {
    return revocationList === undefined ? undefined : await Revocations.open(revocationList, stateDir, log);
  } catch (cause) {
    throw new NodeError('ERR_PROXY_REVOCATIONS', `${revocationList}: ${messageOf(cause)}`, { cause });
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}
