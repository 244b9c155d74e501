import { NodeError, messageOf } from '../base/node-error.ts';
import { textIfThere } from '../base/text-file.ts';
import { z } from 'zod';
import { parseStateFile } from '../state/parse-state-file.ts';
import { replaceFile } from '../state/replace-file.ts';

/** More bans than this are not kept: the one that ends soonest gives way. */
const MAX_BANS = 16_384;
const FORMAT = 1;

/** A ban of those who registered with a ticket or from an address. */
export interface AccountBan {
  /** A ticket's id, or the address or /64 of those who register without tickets. */
  readonly account: string;
  /** The name in the ticket, for people; empty without one. */
  readonly name: string;
  /** When it ends, in milliseconds since 1970. */
  readonly endsAtMs: number;
}

const file = z.object({
  format: z.literal(FORMAT),
  bans: z.array(z.object({ account: z.string().min(1).max(64), name: z.string().max(255), endsAtMs: z.number() })),
});

/**
 * Who may not register for a while. A ban is of an account, never of the address that packets came from: that may be
 * forged. It outlives the node, if there is a state folder.
 */
export class AccountBans {
  readonly #bans = new Map<string, AccountBan>();
  readonly #file: string | undefined;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(path: string | undefined) {
    this.#file = path;
  }

  /**
   * @param path where they are kept; undefined keeps them for this run only.
   * @throws {NodeError} if there is a file that cannot be read: nobody wants to let in who is banned there. Nobody is banned where there is
   * no file, or an empty one.
   */
  static async open(path: string | undefined): Promise<AccountBans> {
    const bans = new AccountBans(path);
    try {
      const text = path === undefined ? '' : ((await textIfThere(path)) ?? '');
      if (text.trim() !== '') for (const ban of parseStateFile(text, FORMAT, file).bans) bans.#bans.set(ban.account, ban);
    } catch (cause) {
      const message = `${path}: the bans cannot be read: ${messageOf(cause)}; mend the file, or remove it`;
      throw new NodeError('ERR_PROXY_STATE', message, { cause });
    }
    return bans;
  }

  get size(): number {
    return this.#bans.size;
  }

  /** Bans an account from now on. A longer ban that it has stays. */
  add(account: string, name: string, durationMs: number, nowMs: number): void {
    const endsAtMs = Math.max(nowMs + durationMs, this.#bans.get(account)?.endsAtMs ?? 0);
    this.#bans.set(account, { account, name, endsAtMs });
    this.#forgetEnded(nowMs);
    if (this.#bans.size > MAX_BANS) {
      const [soonest] = [...this.#bans.values()].toSorted((a, b) => a.endsAtMs - b.endsAtMs);
      this.#bans.delete(soonest.account);
    }
    this.#save();
  }

  /** How long an account is banned for yet; 0 if it is not. */
  leftMs(account: string, nowMs: number): number {
    return Math.max(0, (this.#bans.get(account)?.endsAtMs ?? 0) - nowMs);
  }

  /** Ends a ban. @returns false if there is none. */
  remove(account: string): boolean {
    const isThere = this.#bans.delete(account);
    if (isThere) this.#save();
    return isThere;
  }

  /** Those that have not ended, the one that ends soonest first. */
  list(nowMs: number): AccountBan[] {
    this.#forgetEnded(nowMs);
    return [...this.#bans.values()].toSorted((a, b) => a.endsAtMs - b.endsAtMs);
  }

  /** Resolves when what was changed is on the disk. */
  async saved(): Promise<void> {
    await this.#writing;
  }

  #forgetEnded(nowMs: number): void {
    for (const { account, endsAtMs } of this.#bans.values()) if (endsAtMs <= nowMs) this.#bans.delete(account);
  }

  /** One write at a time; what cannot be written holds for this run all the same. */
  #save(): void {
    const path = this.#file;
    if (path === undefined) return;
    this.#writing = this.#writing
      .then(() => replaceFile(path, [`${JSON.stringify({ format: FORMAT, bans: [...this.#bans.values()] })}\n`]))
      .catch(() => undefined);
  }
}
