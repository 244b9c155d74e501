import { SecurityError } from '@lightspeed/security';
import type { ProofNoncesState } from '@lightspeed/security';
import type { Dialect, SessionToken } from '@lightspeed/wire';
import { KeyTable } from '../key-table.ts';
import { packTerms, unpackTerms } from '../protection/agreed/protection-terms.ts';
import type { ProtectionTerms } from '../protection/agreed/protection-terms.ts';
import type { RelaySession, SessionRegistration } from './relay-session.ts';
import { NO_NONCES, RegistrationNumbers } from './registration-numbers.ts';

/** What clients know of the packet path besides what all know: bits of `Registration.capabilities` (docs/protocol.md, Extensions). */
export const PeerCapability = {
  /** Packet tags, versions 3 and 4 of the header. */
  tags: 1,
  /** It answers challenges. */
  challenges: 2,
  /** It wants to know how its packets arrive, and what is refused to it. */
  reports: 4,
  /** It asks to hear whoever sends to its public addresses: RFC 4787, endpoint-independent filtering. */
  anySource: 8,
} as const;

/** What a registration notes of itself beside those bits. */
const CAPABILITIES = 15;
const ACCOUNT_SHIFT = 4;
const MAX_ACCOUNT = 0xff_ffff;
const HAS_ACCOUNT = 1 << 28;
const HAS_SECRET = 1 << 29;
const WANTS_TAGS = 1 << 30;
const IS_TAGGED = 1 << 31;

/** What registration settles for a session, before any packet of it has come. */
export interface Registration {
  /** 32 bits, unsigned, chosen by whoever registers. */
  readonly sessionId: number;
  /**
   * The prefix of the address from which the client registered: `AddressBook.prefixHigh` and `prefixLow` of @lightspeed/wire. An
   * IPv4 address is (0, its bits), an IPv6 address its /64.
   */
  readonly prefixHigh: number;
  readonly prefixLow: number;
  /** 1 to 255, distinct among the live registrations of the prefix; a `TokenTable` of @lightspeed/security gives such ones. */
  readonly token: SessionToken;
  readonly dialect: Dialect;
  /** Its place in the memory of the `SessionClaims`, where there is one. */
  readonly index?: number | undefined;
  /** 16 bytes shared with the client: what its proofs are made with. Without it only the token binds. */
  readonly secret?: Uint8Array | undefined;
  /** Which proofs were used before, if the registration has outlived a relay. */
  readonly nonces?: ProofNoncesState | undefined;
  /** Which of the extensions of the packet path its client knows, `PeerCapability` bits; none by default. */
  readonly capabilities?: number | undefined;
  /**
   * A number of 24 bits for the account that it belongs to: who shares it, shares what is scarce. Default: that is who registers
   * from the same prefix.
   */
  readonly account?: number | undefined;
  /** What its client and the node have agreed on for protection from loss; undefined for nothing. */
  readonly protection?: ProtectionTerms | undefined;
  /** Its own limits in place of the relay's. */
  readonly maxPps?: number | undefined;
  readonly maxBps?: number | undefined;
}

/**
 * A registration in force. There may be very many of them, so it keeps numbers, not objects. The secrets and used
 * nonces of all lie in one array each (ADR 22).
 */
export class LiveRegistration implements SessionRegistration {
  /** Its place in the arrays of {@link RegistrationTable}. */
  readonly entry: number;
  /** Signed. */
  readonly #id: number;
  /** Signed. */
  readonly prefixHigh: number;
  readonly prefixLow: number;
  readonly token: SessionToken;
  readonly dialect: Dialect;
  /** Its place in the memory of the claims; -1 without one. */
  readonly index: number;
  /** `PeerCapability` bits, the account, and the bits above. */
  #bits: number;
  readonly maxPps: number | undefined;
  readonly maxBps: number | undefined;
  /** The session that it has, if any. */
  session: RelaySession | null = null;
  readonly #used: RegistrationNumbers;

  constructor(entry: number, registration: Registration, used: RegistrationNumbers) {
    this.entry = entry;
    this.#id = registration.sessionId | 0;
    this.prefixHigh = registration.prefixHigh | 0;
    this.prefixLow = registration.prefixLow | 0;
    this.token = registration.token;
    // Each text that came from another thread is one of its own: 24 bytes.
    this.dialect = registration.dialect === 'reference' ? 'reference' : 'standard';
    this.index = registration.index ?? -1;
    const { account, capabilities = 0, secret } = registration;
    this.#bits = (capabilities & CAPABILITIES) | (secret === undefined ? 0 : HAS_SECRET);
    if (account !== undefined) this.#bits |= HAS_ACCOUNT | ((account & MAX_ACCOUNT) << ACCOUNT_SHIFT);
    this.maxPps = registration.maxPps;
    this.maxBps = registration.maxBps;
    this.#used = used;
    used.set(entry, registration.nonces ?? NO_NONCES);
    this.protection = registration.protection;
  }

  /** Unsigned. */
  get sessionId(): number {
    return this.#id >>> 0;
  }

  get nonces(): ProofNoncesState {
    return this.#used.of(this.entry);
  }

  /** What its ends have agreed on for protection from loss. */
  get protection(): ProtectionTerms | undefined {
    return unpackTerms(this.#used.termsOf(this.entry));
  }

  set protection(terms: ProtectionTerms | undefined) {
    this.#used.setTerms(this.entry, packTerms(terms));
  }

  restoreNonces(nonces: ProofNoncesState): void {
    this.#used.set(this.entry, nonces);
  }

  get answersChallenges(): boolean {
    return (this.#bits & PeerCapability.challenges) !== 0;
  }

  get hearsAnySource(): boolean {
    return (this.#bits & PeerCapability.anySource) !== 0;
  }

  get account(): number {
    return (this.#bits & HAS_ACCOUNT) === 0 ? -1 : (this.#bits >>> ACCOUNT_SHIFT) & MAX_ACCOUNT;
  }

  get hasSecret(): boolean {
    return (this.#bits & HAS_SECRET) !== 0;
  }

  /** Whether its client can tag packets: it also has to share a secret. */
  get canTag(): boolean {
    return (this.#bits & PeerCapability.tags) !== 0 && this.hasSecret && this.dialect === 'standard';
  }

  get wantsReports(): boolean {
    return (this.#bits & PeerCapability.reports) !== 0 && this.dialect === 'standard';
  }

  /** Whether its sessions are to have tags from their opening on. */
  get wantsTags(): boolean {
    return (this.#bits & WANTS_TAGS) !== 0;
  }

  /** Its sessions are to have tags from now on. */
  wantTags(): void {
    this.#bits |= WANTS_TAGS;
  }

  /** Whether its client has tagged packets: it goes on so in the next session. */
  get isTagged(): boolean {
    return (this.#bits & IS_TAGGED) !== 0;
  }

  /** Its client has tagged a packet. */
  noteTagged(): void {
    this.#bits |= WANTS_TAGS | IS_TAGGED;
  }

  get openingNonce(): bigint {
    return this.#used.openingOf(this.entry);
  }

  /** A proof with this nonce has opened its session. */
  noteOpening(nonce: bigint): void {
    this.#used.setOpening(this.entry, nonce);
  }

  /** Whether a true proof of it was seen here. */
  get isProved(): boolean {
    return this.nonces.highest >= 0n;
  }

  /** Takes a true proof's nonce. @returns false if it cannot be a new one. */
  acceptNonce(nonce: bigint): boolean {
    const isNew = this.#used.accept(this.entry, nonce);
    if (isNew && this.session !== null) this.session.isChanged = true;
    return isNew;
  }
}

const SECRET_BYTES = 16;
const FIRST_ENTRIES = 64;

/**
 * Registrations that wait for their session, and those that have one. A HANDSHAKE from the registration's prefix with
 * its token binds it (docs/protocol.md, Sessions), so that players behind one NAT don't get in each other's way.
 */
export class RegistrationTable {
  /** Entries by session id, and by prefix and token. */
  readonly #byId: KeyTable;
  readonly #byToken: KeyTable;
  readonly #entries: (LiveRegistration | undefined)[] = [];
  readonly #freeEntries: number[] = [];
  /** 16 bytes by entry. */
  #secrets = new Uint8Array(FIRST_ENTRIES * SECRET_BYTES);
  readonly #nonces = new RegistrationNumbers();

  /** @param expected for how many there is to be room at once. */
  constructor(expected: number, random: () => number) {
    this.#byId = new KeyTable(random(), expected, 1);
    this.#byToken = new KeyTable(random(), expected, 3);
  }

  get size(): number {
    return this.#byId.size;
  }

  /**
   * @returns false if the session id, or the token at that prefix, is taken already.
   * @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE` if the secret has not 16 bytes.
   */
  add(registration: Registration): boolean {
    const { sessionId, prefixHigh, prefixLow, token, secret } = registration;
    if (secret !== undefined && secret.length !== SECRET_BYTES) {
      throw new SecurityError('ERR_SECURITY_OPTION_RANGE', `a session secret has ${SECRET_BYTES} bytes, got ${secret.length}`);
    }
    if (this.#byId.get(sessionId, 0, 0, 0) >= 0 || this.#byToken.get(prefixLow, token, prefixHigh, 0) >= 0) return false;
    const entry = this.#freeEntries.pop() ?? this.#entries.length;
    this.#entries[entry] = new LiveRegistration(entry, registration, this.#nonces);
    this.#byId.set(sessionId, 0, 0, 0, entry);
    this.#byToken.set(prefixLow, token, prefixHigh, 0, entry);
    if (secret !== undefined) this.#keepSecret(entry, secret);
    return true;
  }

  /** Ends a registration. @returns whether it was there. */
  remove(sessionId: number): boolean {
    const live = this.get(sessionId);
    if (live === undefined) return false;
    this.#byId.delete(sessionId, 0, 0, 0);
    this.#byToken.delete(live.prefixLow, live.token, live.prefixHigh, 0);
    this.#entries[live.entry] = undefined;
    this.#freeEntries.push(live.entry);
    return true;
  }

  get(sessionId: number): LiveRegistration | undefined {
    const entry = this.#byId.get(sessionId, 0, 0, 0);
    return entry < 0 ? undefined : this.#entries[entry];
  }

  /** The registration of an address's prefix and a token that has no session yet. */
  match(prefixHigh: number, prefixLow: number, token: SessionToken): LiveRegistration | undefined {
    const entry = this.#byToken.get(prefixLow, token, prefixHigh, 0);
    const live = entry < 0 ? undefined : this.#entries[entry];
    return live?.session === null ? live : undefined;
  }

  /** A view of a registration's secret, if it has one: valid until the next {@link add}. */
  secretOf({ entry, hasSecret }: LiveRegistration): Uint8Array | undefined {
    return hasSecret ? this.#secrets.subarray(entry * SECRET_BYTES, (entry + 1) * SECRET_BYTES) : undefined;
  }

  #keepSecret(entry: number, secret: Uint8Array): void {
    if ((entry + 1) * SECRET_BYTES > this.#secrets.length) {
      const larger = new Uint8Array(2 * this.#secrets.length);
      larger.set(this.#secrets);
      this.#secrets = larger;
    }
    this.#secrets.set(secret, entry * SECRET_BYTES);
  }
}
