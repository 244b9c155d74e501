import type { TicketRefusal } from '@lightspeed/security';
import type { Logger } from 'pino';
import type { LimitedLines } from '../base/limited-log.ts';
import { LimitedLog } from '../base/limited-log.ts';
import type { NodeConfig } from '../config/node-config.ts';
import { BAN_REASON } from './admission-terms.ts';
import type { Client } from './client.ts';
import type { ClientRegistry } from './client-registry.ts';
import type { ControlCounters } from './control-counters.ts';

const BAN_LINES: LimitedLines = { level: 'warn', one: 'a registered client was banned', more: 'more registered clients were banned' };

/** Ends registrations against the will of their clients, who are told why. */
export class Dismissals {
  readonly #config: () => NodeConfig;
  readonly #registry: ClientRegistry;
  readonly #counters: ControlCounters;
  readonly #log: LimitedLog;
  readonly #endClient: (client: Client) => void;

  /** @param endClient ends the registration of a client, and its session. */
  constructor(
    config: () => NodeConfig,
    registry: ClientRegistry,
    counters: ControlCounters,
    log: Logger,
    endClient: (client: Client) => void,
  ) {
    this.#config = config;
    this.#registry = registry;
    this.#counters = counters;
    this.#log = new LimitedLog(log, BAN_LINES);
    this.#endClient = endClient;
    registry.news.onMisuse = (client) => this.ban(client);
  }

  /** Bans the account of a client. All who registered with it may come back when the ban is over. */
  ban(client: Client): void {
    const text = `banned for ${this.#config().banDurationSecs} s: ${BAN_REASON}`;
    this.#log.note(this.#registry.addressOf(client), { why: text });
    for (const one of this.#registry.ban(client)) {
      this.#counters.banned++;
      void one.link?.dismiss('rate_limited', text, 'banned');
      this.#endClient(one);
    }
  }

  /** Their tickets do not count any more. */
  refuse(refused: Iterable<readonly [Client, TicketRefusal]>): void {
    for (const [client, { text, code }] of [...refused]) {
      this.#counters.expired++;
      void client.link?.dismiss('auth_failed', text, code);
      this.#endClient(client);
    }
  }

  /** Writes down what was not written yet. */
  end(): void {
    this.#log.end();
  }
}
