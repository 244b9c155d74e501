import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from '@lightspeed/control/quic';
import type { PageRule } from '../page/page-state.ts';
import { parseRuleChange } from '../page/rule-change.ts';

/** More are refused: who has so many writes them into the file of settings, as networks. */
const MAX_RULES = 100;

/**
 * What the player has laid down on the live page: for a network of servers, or for a game. It is a file of JSON that only its owner can
 * read. What is not a rule in there is left out.
 */
export class RulesFile {
  readonly #path: string;
  #rules: readonly PageRule[];

  private constructor(path: string, rules: readonly PageRule[]) {
    this.#path = path;
    this.#rules = rules;
  }

  /** Reads the file. What cannot be read is left out, and that is said. */
  static async open(path: string, warn: (text: string) => void): Promise<RulesFile> {
    const text = await readFile(path, 'utf8').catch(() => '[]');
    const { rules, leftOut } = rulesIn(text);
    if (leftOut > 0)
      warn(`${path}: ${leftOut} of the rules of the live page cannot be read and do not count; the next change there leaves them out`);
    return new RulesFile(path, rules);
  }

  get rules(): readonly PageRule[] {
    return this.#rules;
  }

  /**
   * Lays a rule down in place of the one for the same servers or game, or takes that away.
   * @throws {RangeError} (rejection) if there are 100 already; or an error of the file system, and then nothing has changed.
   */
  async change(rule: PageRule): Promise<void> {
    const others = this.#rules.filter(({ servers, game }) => servers !== rule.servers || game !== rule.game);
    const rules = rule.way === 'evidence' ? others : [rule, ...others];
    if (rules.length > MAX_RULES) throw new RangeError(`there are ${MAX_RULES} rules already; take one away first`);
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    await replaceFile(this.#path, JSON.stringify(rules));
    this.#rules = rules;
  }
}

function rulesIn(text: string): { readonly rules: PageRule[]; readonly leftOut: number } {
  try {
    const list: unknown = JSON.parse(text);
    if (!Array.isArray(list)) return { rules: [], leftOut: 1 };
    const rules = list.slice(0, MAX_RULES).flatMap((one) => parseRuleChange(JSON.stringify(one)) ?? []);
    return { rules, leftOut: list.length - rules.length };
  } catch {
    return { rules: [], leftOut: 1 };
  }
}
