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
  one: 'a session is attacked: somebody guesses its token, and its packets get tags',
  more: 'more sessions are attacked',
};

/** Tells clients that the packets of their sessions are to have tags (docs/protocol.md, Packet tags). */
export class TaggedClients {
  readonly #config: Pick<NodeConfig, 'tags'>;
  readonly #registry: ClientRegistry;
  readonly #supervisor: Pick<Supervisor, 'tag'>;
  readonly #log: LimitedLog;
  /** Session ids of clients who were told, or are to be told when they come back. */
  readonly #told = new Set<number>();

  constructor(config: Pick<NodeConfig, 'tags'>, registry: ClientRegistry, supervisor: Pick<Supervisor, 'tag'>, log: Logger) {
    this.#config = config;
    this.#registry = registry;
    this.#supervisor = supervisor;
    this.#log = new LimitedLog(log, ATTACK_LINES);
    registry.news.onTagging = (client, wrongTokens) => this.#tell(client, wrongTokens);
  }

  /** What follows the acknowledgement of a Register: a lost message is repeated when the client resumes. */
  repliesTo(client: Client): OutgoingMessage[] {
    const isFromTheStart = this.#config.tags === 'always' && (client.capabilities & PeerCapability.tags) !== 0;
    if (isFromTheStart) this.#told.add(client.sessionId);
    return this.#told.has(client.sessionId) ? [messageTo(client)] : [];
  }

  /** A client says that packets with wrong tokens come to it in the node's name, or that it tags its packets already. */
  noteReport(client: Client): void {
    this.#supervisor.tag(client.sessionId);
  }

  /** Its registration is over. */
  forget({ sessionId }: Client): void {
    this.#told.delete(sessionId);
  }

  /** Writes down what was not written yet. */
  end(): void {
    this.#log.end();
  }

  #tell(client: Client, wrongTokens: number): void {
    if (this.#told.has(client.sessionId)) return;
    this.#told.add(client.sessionId);
    client.link?.send(messageTo(client));
    const why =
      wrongTokens > 0
        ? `${wrongTokens} packets with wrong tokens came in its name`
        : 'packets with wrong tokens came to it in the name of the node';
    this.#log.note(this.#registry.addressOf(client), { session: client.sessionId, why });
  }
}

function messageTo({ sessionId }: Client): OutgoingMessage {
  return { type: 'tags', sessionId, extensions: [] };
}
