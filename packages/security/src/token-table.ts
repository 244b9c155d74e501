import { hashPrefix } from './hash-prefix.ts';
import { MAX_CAPACITY, requireInteger } from './option-ranges.ts';
import { SecurityError } from './security-error.ts';

/** How many registrations a table holds. */
export interface TokenTableOptions {
  /** Registrations held at once, all addresses together. */
  readonly capacity: number;
  /** Registrations of one address; 255, the default, is the most that a token byte can tell apart. */
  readonly capacityPerAddress?: number;
  /** Any int32, random per process; scatters addresses over the table. */
  readonly hashSeed?: number;
}

/** Token bytes are 1 to 255; 0 says "no token". */
const TOKENS = 255;
const NONE = -1;

/**
 * The session tokens of live registrations (docs/protocol.md, Sessions). An IPv6 address counts as its /64. Registrations
 * from one address, such as the players behind one NAT, hold different tokens. So address and token name at most one of
 * them. The first HANDSHAKE with them binds it, and no second one can.
 *
 * ```text
 *   byPrefix [hash(prefix)] -> entry -> entry -> NONE        entries: id, prefix, token, bound; chained twice by index
 *   byId [hash(id)] -> entry -> NONE                 free entries are chained by nextById
 * ```
 *
 * Memory is fixed: 30 to 38 bytes per registration. No call but a misuse allocates.
 */
export class TokenTable {
  readonly #capacityPerAddress: number;
  readonly #hashSeed: number;
  readonly #mask: number;
  readonly #ids: Int32Array;
  readonly #highs: Int32Array;
  readonly #lows: Int32Array;
  readonly #tokens: Uint8Array;
  readonly #bound: Uint8Array;
  readonly #byId: Int32Array;
  readonly #byPrefix: Int32Array;
  readonly #nextById: Int32Array;
  readonly #nextByPrefix: Int32Array;
  readonly #tokenTaken: Uint8Array;
  #free: number;
  #held: number;

  /** @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE` */
  constructor(options: TokenTableOptions) {
    const capacity = requireInteger('capacity', options.capacity, 1, MAX_CAPACITY);
    this.#capacityPerAddress = requireInteger('capacityPerAddress', options.capacityPerAddress ?? TOKENS, 1, TOKENS);
    this.#hashSeed = (options.hashSeed ?? 0) | 0;
    const chains = 2 ** Math.ceil(Math.log2(capacity));
    this.#mask = chains - 1;
    this.#ids = new Int32Array(capacity);
    this.#highs = new Int32Array(capacity);
    this.#lows = new Int32Array(capacity);
    this.#tokens = new Uint8Array(capacity);
    this.#bound = new Uint8Array(capacity);
    this.#byId = new Int32Array(chains).fill(NONE);
    this.#byPrefix = new Int32Array(chains).fill(NONE);
    this.#nextById = Int32Array.from({ length: capacity }, (_, entry) => (entry + 1 < capacity ? entry + 1 : NONE));
    this.#nextByPrefix = new Int32Array(capacity).fill(NONE);
    this.#tokenTaken = new Uint8Array(TOKENS + 1);
    this.#free = 0;
    this.#held = 0;
  }

  /** Live registrations. */
  get size(): number {
    return this.#held;
  }

  /**
   * Takes a token for a new registration, at random among those that no live registration of its address holds.
   *
   * @param registrationId - the caller's number for it, 0 to 2^32 - 1.
   * @param high - first word of the prefix of the address that registered, `AddressBook.prefixHigh` of @lightspeed/wire; signed
   *   or unsigned form.
   * @param low - second word, likewise.
   * @param random - uniform in [0, 1), as unpredictable as tokens are to be.
   * @returns 1 to 255, or -1 if the table or the address holds as many registrations as it may.
   * @throws {SecurityError} `ERR_SECURITY_REGISTRATION_EXISTS` if the id is live, `ERR_SECURITY_OPTION_RANGE` if the id or what
   *   `random` gave is out of range.
   */
  issue(registrationId: number, high: number, low: number, random: () => number): number {
    requireInteger('registrationId', registrationId, 0, 0xffff_ffff);
    if (this.#find(registrationId) !== NONE) {
      throw new SecurityError('ERR_SECURITY_REGISTRATION_EXISTS', `registration ${registrationId} holds a token already`);
    }
    const taken = this.#markTakenTokens(high, low);
    if (this.#free === NONE || taken >= this.#capacityPerAddress) return -1;

    const fraction = random();
    if (!(fraction >= 0 && fraction < 1)) {
      throw new SecurityError('ERR_SECURITY_OPTION_RANGE', `random must return a number in [0, 1), got ${fraction}`);
    }
    const token = this.#untakenToken(Math.floor(fraction * (TOKENS - taken)));
    const entry = this.#free;
    this.#free = this.#nextById[entry];
    this.#ids[entry] = registrationId;
    this.#highs[entry] = high;
    this.#lows[entry] = low;
    this.#tokens[entry] = token;
    this.#bound[entry] = 0;
    link(this.#byId, this.#nextById, this.#chainOf(0, registrationId), entry);
    link(this.#byPrefix, this.#nextByPrefix, this.#chainOf(high, low), entry);
    this.#held += 1;
    return token;
  }

  /**
   * Finds the registration that a HANDSHAKE without a proof means.
   *
   * @param high - first word of the prefix of the datagram's source, signed or unsigned form; `low` is the second one.
   * @param token - its token byte.
   * @returns the id of the one registration of that prefix with that token if it is not bound, otherwise -1.
   */
  match(high: number, low: number, token: number): number {
    for (let entry = this.#byPrefix[this.#chainOf(high, low)]; entry !== NONE; entry = this.#nextByPrefix[entry]) {
      if (!this.#isOf(entry, high, low) || this.#tokens[entry] !== token) continue;
      return this.#bound[entry] === 0 ? this.#ids[entry] >>> 0 : -1;
    }
    return -1;
  }

  /** Marks a registration as bound, so that it matches no more. @returns false if it is not live. */
  bind(registrationId: number): boolean {
    return this.#setBound(registrationId, 1);
  }

  /** Lets a registration match again, for a client that starts over. @returns false if it is not live. */
  unbind(registrationId: number): boolean {
    return this.#setBound(registrationId, 0);
  }

  /** Ends a registration; its token is free for the next one. @returns false if it is not live. */
  release(registrationId: number): boolean {
    const entry = this.#find(registrationId);
    if (entry === NONE) return false;
    unlink(this.#byId, this.#nextById, this.#chainOf(0, registrationId), entry);
    unlink(this.#byPrefix, this.#nextByPrefix, this.#chainOf(this.#highs[entry], this.#lows[entry]), entry);
    this.#nextById[entry] = this.#free;
    this.#free = entry;
    this.#held -= 1;
    return true;
  }

  #setBound(registrationId: number, bound: 0 | 1): boolean {
    const entry = this.#find(registrationId);
    if (entry === NONE) return false;
    this.#bound[entry] = bound;
    return true;
  }

  #find(registrationId: number): number {
    const pattern = registrationId | 0;
    let entry = this.#byId[this.#chainOf(0, registrationId)];
    while (entry !== NONE && this.#ids[entry] !== pattern) entry = this.#nextById[entry];
    return entry;
  }

  #chainOf(high: number, low: number): number {
    return hashPrefix(high, low, this.#hashSeed) & this.#mask;
  }

  #isOf(entry: number, high: number, low: number): boolean {
    return this.#lows[entry] === (low | 0) && this.#highs[entry] === (high | 0);
  }

  /** Fills `tokenTaken` for an address. @returns how many tokens it holds. */
  #markTakenTokens(high: number, low: number): number {
    let taken = 0;
    this.#tokenTaken.fill(0);
    for (let entry = this.#byPrefix[this.#chainOf(high, low)]; entry !== NONE; entry = this.#nextByPrefix[entry]) {
      if (!this.#isOf(entry, high, low)) continue;
      this.#tokenTaken[this.#tokens[entry]] = 1;
      taken += 1;
    }
    return taken;
  }

  /** The token before which `skip` untaken ones lie. */
  #untakenToken(skip: number): number {
    let token = 1;
    for (let left = skip; this.#tokenTaken[token] === 1 || left > 0; token++) {
      if (this.#tokenTaken[token] === 0) left -= 1;
    }
    return token;
  }
}

function link(heads: Int32Array, next: Int32Array, chain: number, entry: number): void {
  next[entry] = heads[chain];
  heads[chain] = entry;
}

function unlink(heads: Int32Array, next: Int32Array, chain: number, entry: number): void {
  if (heads[chain] === entry) {
    heads[chain] = next[entry];
    return;
  }
  let before = heads[chain];
  while (next[before] !== entry) before = next[before];
  next[before] = next[entry];
}
