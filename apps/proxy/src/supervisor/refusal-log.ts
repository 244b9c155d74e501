import { formatPrefixWords } from '@lightspeed/wire';
import type { Logger } from 'pino';
import type { LimitedLines } from '../base/limited-log.ts';
import { LimitedLog } from '../base/limited-log.ts';
import type { Ban, WorkerWord } from '../data-plane/messages.ts';
import type { WorkerNews } from './registered-clients.ts';

/** How bans of addresses are written down. */
const BAN_LINES: LimitedLines = {
  level: 'warn',
  one: 'client banned: too many destinations',
  more: 'more clients banned: too many destinations',
};

/** How it is written down that accounts have their share. */
const SHARE_LINES: LimitedLines = {
  level: 'warn',
  one: 'an account or its session has its share of the sockets towards game servers, and gets no more',
  more: 'more accounts or sessions have their share',
};

/** Writes down what workers refuse to whom, and at level debug how they protect what they send. */
export class RefusalLog {
  readonly #bans: LimitedLog;
  readonly #shares: LimitedLog;
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
    this.#bans = new LimitedLog(log, BAN_LINES);
    this.#shares = new LimitedLog(log, SHARE_LINES);
  }

  banned({ prefixHigh, prefixLow, durationMs }: Ban): void {
    this.#bans.note(formatPrefixWords(prefixHigh, prefixLow), { banSeconds: Math.ceil(durationMs / 1_000) });
  }

  /** An account has its share, or what is sent to a client is protected otherwise. @param news knows who registered what. */
  told(word: WorkerWord, news: WorkerNews): void {
    if (word.type === 'protection') {
      const who = word.sessionId === undefined ? {} : news.nameOf(word.sessionId);
      this.#log.debug({ ...who, step: word.step, reason: word.reason }, 'protection changed');
      return;
    }
    const { sessionId, prefixHigh, prefixLow } = word.who;
    this.#shares.note(formatPrefixWords(prefixHigh, prefixLow), sessionId === undefined ? {} : news.nameOf(sessionId));
  }

  /** Writes down what was not written yet. */
  end(): void {
    this.#bans.end();
    this.#shares.end();
  }
}
