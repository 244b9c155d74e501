import type { TokenTable } from '@lightspeed/security';
import type { Client } from './client.ts';

/** Takes the tokens again that clients had in an earlier run, in rising order. */
export class RestoredTokens {
  readonly #tokens: TokenTable;
  readonly #perAddress: number;
  /** How many a prefix has by now. */
  readonly #held = new Map<string, number>();

  /** @param perAddress how many tokens there are for a prefix. */
  constructor(tokens: TokenTable, perAddress: number) {
    this.#tokens = tokens;
    this.#perAddress = perAddress;
  }

  /**
   * Takes one.
   * @param mayOpen asked when the token is there: whether the session may be, too.
   * @returns false if it cannot be had, as one that is there twice.
   */
  take(
    sessionId: number,
    { prefixHigh, prefixLow }: Pick<Client, 'prefixHigh' | 'prefixLow'>,
    token: number,
    mayOpen: () => boolean,
  ): boolean {
    const prefix = `${prefixHigh} ${prefixLow}`;
    const held = this.#held.get(prefix) ?? 0;
    // Of the tokens below this one those that are taken are known, so the draw can be made to hit it.
    const draw = (token - 1 - held + 0.5) / (this.#perAddress - held);
    const issued = draw < 0 ? -1 : this.#tokens.issue(sessionId, prefixHigh, prefixLow, () => draw);
    if (issued < 0) return false;
    if (issued !== token || !mayOpen()) {
      this.#tokens.release(sessionId);
      return false;
    }
    this.#held.set(prefix, held + 1);
    return true;
  }
}
