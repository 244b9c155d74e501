import { randomBytes, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;
/** Tokens that nobody has used; the oldest gives way. */
const MAX_TOKENS = 4;
/** Browsers that are let in; the one that was let in first gives way. */
const MAX_BROWSERS = 16;

/**
 * Who may see the page (docs/playing.md, The live page). A browser shows a one-time token and gets a cookie. Programs of the same
 * user show the secret, which is in a file that only the user may read.
 */
export class PageAccess {
  /** For programs that may read the user's files. */
  readonly secret = newSecret();
  readonly #tokens: string[] = [];
  readonly #browsers: string[] = [];

  /** @returns a token that lets one browser in, once. */
  newToken(): string {
    const token = newSecret();
    this.#tokens.push(token);
    if (this.#tokens.length > MAX_TOKENS) this.#tokens.shift();
    return token;
  }

  /** Uses a token up. @returns the value of the cookie, or undefined if it is none of ours, or was used already. */
  exchange(token: string): string | undefined {
    const index = this.#tokens.findIndex((one) => isSame(one, token));
    if (index < 0) return undefined;
    this.#tokens.splice(index, 1);
    const value = newSecret();
    this.#browsers.push(value);
    if (this.#browsers.length > MAX_BROWSERS) this.#browsers.shift();
    return value;
  }

  /** Whether the value of a cookie is one that was given out. */
  knowsBrowser(value: string | undefined): boolean {
    return value !== undefined && this.#browsers.some((one) => isSame(one, value));
  }

  /** Whether it is the secret for programs. */
  knowsProgram(secret: string | undefined): boolean {
    return secret !== undefined && isSame(this.secret, secret);
  }
}

function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
