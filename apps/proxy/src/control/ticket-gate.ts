import { readFile } from 'node:fs/promises';
import { TicketSessions, TicketVerifier, parseRevocationList } from '@lightspeed/security';
import type { ExpiredSession, Ticket, TicketRefusal } from '@lightspeed/security';
import { sha256, verifyEd25519 } from '@lightspeed/security/node';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config/node-config.ts';
import { NodeError, messageOf } from '../base/node-error.ts';
import { WatchedFiles } from './watched-files.ts';

/** What lets a client in, for as long as it counts. */
export class TicketGate {
  readonly #verifier: TicketVerifier;
  readonly #sessions: TicketSessions;
  readonly #list: string | undefined;
  readonly #watched: WatchedFiles;
  readonly #log: Logger;

  private constructor(config: NodeConfig, log: Logger) {
    this.#verifier = new TicketVerifier({ issuers: config.issuerKeys, verifyEd25519, sha256 });
    this.#sessions = new TicketSessions({ capacity: config.maxClients });
    this.#list = config.revocationList;
    this.#watched = new WatchedFiles(this.#list === undefined ? [] : [this.#list]);
    this.#log = log;
  }

  /**
   * A list that is not there yet is an empty one.
   * @throws {NodeError} if there is one that cannot be read: nobody wants to start without the revocations that it holds.
   */
  static async open(config: NodeConfig, log: Logger): Promise<TicketGate> {
    const gate = new TicketGate(config, log);
    await gate.#watched.changed();
    try {
      await gate.#readList();
    } catch (cause) {
      throw new NodeError('ERR_PROXY_REVOCATIONS', `${config.revocationList}: ${messageOf(cause)}`, { cause });
    }
    return gate;
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

  /** Counts a session. @returns why the ticket does not allow it. */
  open(ticket: Ticket, sessionId: number): TicketRefusal | undefined {
    return this.#sessions.open(ticket, sessionId);
  }

  close(sessionId: number): void {
    this.#sessions.close(sessionId);
  }

  /** Sessions whose ticket does not count any more. */
  expired(): readonly ExpiredSession[] {
    return this.#sessions.expired(nowSeconds(), this.#verifier.revocations);
  }

  /** Reads the revocation list again if it has changed. One that cannot be read leaves the list as it is. */
  async refresh(): Promise<void> {
    if (!(await this.#watched.changed())) return;
    try {
      await this.#readList();
      this.#log.info({ revoked: this.#verifier.revocations.size }, 'read the revocation list again');
    } catch (error) {
      this.#log.error({ file: this.#list, why: messageOf(error) }, 'the revocation list cannot be read: the old list stays in force');
    }
  }

  async #readList(): Promise<void> {
    if (this.#list !== undefined) this.#verifier.revocations = parseRevocationList(await textOf(this.#list));
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}
