import { SESSION_SECRET_BYTES } from '@lightspeed/control';

/** Secrets by index, 16 bytes each in one array: as texts they would take 56 (ADR 22). */
export class SecretStore {
  readonly #bytes: Uint8Array;
  /** 1 where there is one. */
  readonly #isThere: Uint8Array;

  /** @param size how many indexes there are. Pages that nobody has used take no memory. */
  constructor(size: number) {
    this.#bytes = new Uint8Array(size * SESSION_SECRET_BYTES);
    this.#isThere = new Uint8Array(size);
  }

  /** @param secret undefined for none; copied. */
  set(index: number, secret: Uint8Array | undefined): void {
    if (secret !== undefined) this.#bytes.set(secret, index * SESSION_SECRET_BYTES);
    this.#isThere[index] = secret === undefined ? 0 : 1;
  }

  /** A copy, or undefined if there is none. */
  of(index: number): Uint8Array | undefined {
    if (this.#isThere[index] !== 1) return undefined;
    return this.#bytes.slice(index * SESSION_SECRET_BYTES, (index + 1) * SESSION_SECRET_BYTES);
  }

  /** The same as hexadecimal digits. */
  hexOf(index: number): string | undefined {
    const secret = this.of(index);
    return secret && Buffer.from(secret).toString('hex');
  }

  /** Forgets one, and its bytes. */
  delete(index: number): void {
    this.#bytes.fill(0, index * SESSION_SECRET_BYTES, (index + 1) * SESSION_SECRET_BYTES);
    this.#isThere[index] = 0;
  }
}
