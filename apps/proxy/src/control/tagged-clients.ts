import type { OutgoingMessage } from '@lightspeed/control';
import { PeerCapability } from '@lightspeed/session';
import type { Logger } from 'pino';
import type { LimitedLines } from '../base/limited-log.ts';
import { LimitedLog } from '../base/limited-log.ts';
import type { NodeConfig } from '../config/node-config.ts';
import type { Client } from './client.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { ClientRegistry } from './client-registry.ts';

const ATTACK_LINES: LimitedLines = {
  level: 'warn',
  one: 'a session is attacked: somebody guesses its token',
  more: 'more sessions are attacked',
};
/** So many of the sessions that are attacked are named. */
const MAX_NAMED = 20;

/**
 * Tells clients that the packets of their sessions are to have tags (docs/protocol.md, Packet tags), and operators which sessions
 * are attacked.
 */
export class TaggedClients {
  readonly #config: Pick<NodeConfig, 'tags'>;
  readonly #registry: ClientRegistry;
  readonly #supervisor: Pick<Supervisor, 'tell'>;
  readonly #log: LimitedLog;
  /** Session ids of clients who were told, or are to be told when they come back. */
  readonly #told = new Set<number>();
  /** Session ids of clients who were attacked, in that order. */
  readonly #attacked = new Set<number>();

  constructor(config: Pick<NodeConfig, 'tags'>, registry: ClientRegistry, supervisor: Pick<Supervisor, 'tell'>, log: Logger) {
    this.#config = config;
    this.#registry = registry;
    this.#supervisor = supervisor;
    this.#log = new LimitedLog(log, ATTACK_LINES);
    registry.news.onTagging = (client) => this.#tell(client);
    registry.news.onAttack = (client) => this.#noteAttack(client, 'packets with wrong tokens or tags came in its name');
  }

  /** How many of the registrations have been attacked. */
  get attackedCount(): number {
    return this.#attacked.size;
  }

  /** The session ids of those who were attacked last, at most 20. */
  get attacked(): readonly number[] {
    return [...this.#attacked].slice(-MAX_NAMED);
  }

  /** What follows the acknowledgement of a Register: a lost message is repeated when the client resumes. */
  repliesTo(client: Client): OutgoingMessage[] {
    if (this.#config.tags === 'always' && canTag(client)) this.#told.add(client.sessionId);
    return this.#told.has(client.sessionId) ? [messageTo(client)] : [];
  }

  /** A client says that packets with wrong tokens come to it in the node's name, or that it tags its packets already. */
  noteReport(client: Client): void {
    this.#supervisor.tell({ type: 'tag', sessionId: client.sessionId });
  }

  /** Its registration is over. */
  forget({ sessionId }: Client): void {
    this.#told.delete(sessionId);
    this.#attacked.delete(sessionId);
  }

  /** Writes down what was not written yet. */
  end(): void {
    this.#log.end();
  }

  #tell(client: Client): void {
    if (this.#told.has(client.sessionId)) return;
    this.#told.add(client.sessionId);
    client.link?.send(messageTo(client));
    this.#noteAttack(client, 'packets with wrong tokens came to it in the name of the node');
  }

  #noteAttack(client: Client, why: string): void {
    if (this.#attacked.has(client.sessionId)) return;
    this.#attacked.add(client.sessionId);
    const tags = this.#config.tags !== 'off' && canTag(client);
    this.#log.note(this.#registry.addressOf(client), { session: client.sessionId, why, tags });
  }
}

function canTag({ capabilities }: Client): boolean {
  return (capabilities & PeerCapability.tags) !== 0;
}

function messageTo({ sessionId }: Client): OutgoingMessage {
  return { type: 'tags', sessionId, extensions: [] };
}
