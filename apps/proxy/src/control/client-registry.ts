import { randomBytes } from 'node:crypto';
import { SESSION_SECRET_BYTES, capabilitiesExtension, protectionExtension, resumeExtension, ticketExtension } from '@lightspeed/control';
import type { ProtectionOffer, Register, ResumeRequest } from '@lightspeed/control';
import { ProofNonces, TokenTable } from '@lightspeed/security';
import type { ProofNoncesState, Ticket, TicketRefusal } from '@lightspeed/security';
import { DEFAULT_RELAY_OPTIONS, SeatPool, limitsOutliveMs, unpackTerms } from '@lightspeed/session';
import { formatAddressWords, formatIpv4 } from '@lightspeed/wire';
import type { AddressBook, Endpoint } from '@lightspeed/wire';
import type { NodeConfig } from '../config/node-config.ts';
import type { RegisteredClient } from '../data-plane/messages.ts';
import type { ClientSnapshot } from '../state/snapshot-file.ts';
import { claimsFor } from '../supervisor/registered-clients.ts';
import type { RegisteredClients } from '../supervisor/registered-clients.ts';
import type { AccountBans } from './account-bans.ts';
import {
  BAN_REASON,
  accountNumber,
  accountOf,
  agreedWith,
  capabilitiesOf,
  freshSessionId,
  limitsOf,
  randomFraction,
  refuse,
} from './admission-terms.ts';
import { ClientNews } from './client-news.ts';
import { Client } from './client.ts';
import type { ClientLink, RegisterRefusal, RegisteredLink } from './client.ts';
import { provesResume } from './resume-proof.ts';
import { RestoredTokens } from './restored-tokens.ts';
import { SecretStore } from './secret-store.ts';
import type { TicketGate } from './ticket-gate.ts';

/** As many tokens as a byte can tell apart. */
const MAX_PER_ADDRESS = 255;

/** The clients of a node: lets them in, hands out session ids, tokens and secrets, and keeps to the limits. No I/O. */
export class ClientRegistry implements RegisteredClients {
  /** What workers tell of clients. */
  readonly news = new ClientNews((sessionId) => this.get(sessionId));
  readonly #config: NodeConfig;
  readonly #addresses: AddressBook;
  readonly #gate: TicketGate | undefined;
  readonly #bans: AccountBans;
  readonly #tokens: TokenTable;
  readonly #seats: SeatPool<string>;
  readonly #secrets: SecretStore;
  /** By session id as a signed number: V8 makes an object of each that is larger. */
  readonly #clients = new Map<number, Client>();
  readonly #perAddress: number;
  /** Session ids of clients that have changed in what is kept over restarts, or are over. */
  #changed = new Set<number>();

  /**
   * @param addresses what the handles of clients' addresses mean.
   * @param gate undefined lets anybody in.
   * @param bans who is kept out for a while.
   */
  constructor(config: NodeConfig, addresses: AddressBook, gate: TicketGate | undefined, bans: AccountBans) {
    this.#config = config;
    this.#addresses = addresses;
    this.#gate = gate;
    this.#bans = bans;
    this.#perAddress = Math.min(MAX_PER_ADDRESS, config.maxSessionsPerAddress);
    this.#tokens = new TokenTable({
      capacity: config.maxClients,
      capacityPerAddress: this.#perAddress,
      hashSeed: randomBytes(4).readInt32BE(),
    });
    this.news.onName = ({ sessionId }): Readonly<Record<string, string>> => {
      const ticket = gate?.ticketOf(sessionId);
      return ticket === undefined ? {} : { ticket: ticket.id, name: ticket.name };
    };
    this.#seats = new SeatPool(claimsFor(config), limitsOutliveMs(DEFAULT_RELAY_OPTIONS));
    this.#secrets = new SecretStore(claimsFor(config));
  }

  get size(): number {
    return this.#clients.size;
  }

  /** Whether {@link takeChanged} would give anything. */
  get hasChanged(): boolean {
    return this.#changed.size > 0;
  }

  /** Session ids of clients that have registered, resumed or ended since this was called last. */
  takeChanged(): ReadonlySet<number> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  get all(): IterableIterator<Client> {
    return this.#clients.values();
  }

  get(sessionId: number): Client | undefined {
    return this.#clients.get(sessionId | 0);
  }

  has(sessionId: number): boolean {
    return this.#clients.has(sessionId | 0);
  }

  *registered(): Generator<RegisteredClient> {
    for (const client of this.#clients.values()) yield this.registeredAs(client);
  }

  /** What the workers are told of a client. */
  registeredAs(client: Client): RegisteredClient {
    const { sessionId, index, prefixHigh, prefixLow, token, dialect, capabilities, nonces, maxPps, maxBps } = client;
    const account = accountNumber(this.accountOf(client));
    const secretHex = this.#secrets.hexOf(index);
    const told = { sessionId, index, account, prefixHigh, prefixLow, token, dialect, capabilities };
    return { ...told, protection: unpackTerms(client.protection), secretHex, nonces, maxPps, maxBps };
  }

  /** A copy of the secret that a client shares with the node; undefined if it has none. */
  secretOf({ index }: Client): Uint8Array | undefined {
    return this.#secrets.of(index);
  }

  noteNonces(sessionId: number, nonces: ProofNoncesState): boolean {
    const client = this.get(sessionId);
    if (client !== undefined && nonces.highest >= 0n) client.nonces = nonces;
    return client !== undefined;
  }

  /**
   * Bans the account of a client.
   * @returns its clients, whose sessions are to end.
   */
  ban(client: Client): Client[] {
    const account = this.accountOf(client);
    const name = this.#gate?.ticketOf(client.sessionId)?.name ?? '';
    this.#bans.add(account, name, this.#config.banDurationSecs * 1_000, Date.now());
    return [...this.#clients.values()].filter((other) => this.accountOf(other) === account);
  }

  /** To whom is charged what a client does. */
  accountOf(client: Client): string {
    return accountOf(this.#gate?.ticketOf(client.sessionId), client);
  }

  /**
   * Gives a client the session that it asks to resume, if it proves that the session is its own. Otherwise it admits
   * the client, or returns a refusal.
   * @param peer where the message came from.
   */
  register(message: Register, peer: Endpoint, link: ClientLink): RegisteredLink | RegisterRefusal {
    const extensions = message.dialect === 'standard' ? message.extensions : [];
    const request = resumeExtension.find(extensions);
    if (request !== undefined) {
      const resumed = this.#resume(request, link, protectionExtension.find(extensions));
      if (resumed !== undefined) return resumed;
    }
    const capabilities = (capabilitiesExtension.find(extensions) ?? 0) & capabilitiesOf(this.#config);
    const asked = { dialect: message.dialect, capabilities, ticket: ticketExtension.find(extensions) };
    return this.#admit(asked, protectionExtension.find(extensions), peer, link);
  }

  #admit(
    { dialect, capabilities, ticket }: Pick<Client, 'dialect' | 'capabilities' | 'ticket'>,
    offer: ProtectionOffer | undefined,
    { ip }: Endpoint,
    link: ClientLink,
  ): RegisteredLink | RegisterRefusal {
    const verified = this.#gate?.verify(ticket);
    if (verified?.type === 'refused') return refuse('auth_failed', verified.code, verified.text);
    const account = accountOf(verified, this.#prefixOf(ip));
    const banMs = this.#bans.leftMs(account, Date.now());
    if (banMs > 0) return refuse('rate_limited', 'banned', `banned for ${Math.ceil(banMs / 1_000)} s more: ${BAN_REASON}`);
    if (this.#clients.size >= this.#config.maxClients) return refuse('rate_limited', 'node_full', 'the node is full');
    const sessionId = freshSessionId((id) => this.has(id));
    const { prefixHigh, prefixLow } = this.#prefixOf(ip);
    const token = this.#tokens.issue(sessionId, prefixHigh, prefixLow, randomFraction);
    if (token < 0)
      return refuse('rate_limited', 'address_full', `${this.#perAddress} sessions from one address are the limit of this node`);
    const over = verified && this.#gate?.open(verified, sessionId);
    if (over !== undefined) {
      this.#tokens.release(sessionId);
      return { ...refuse('rate_limited', over.code, over.text), rivals: this.#rivalsOf(verified, over.code) };
    }
    const limits = limitsOf(verified);
    const { number: index, isFresh } = this.#seats.take(account, performance.now());
    const protection = agreedWith(this.#config, verified, offer);
    const terms = { sessionId, index, prefixHigh, prefixLow, token, dialect, capabilities, protection, ticket, ...limits };
    const client = new Client(terms, link);
    client.sinceMs = Math.floor(performance.now());
    // A client of dialect `reference` has nowhere to take it from.
    this.#add(client, dialect === 'standard' ? randomBytes(SESSION_SECRET_BYTES) : undefined);
    this.#changed.add(sessionId);
    return { type: 'registered', client, isNew: true, isFresh, before: undefined };
  }

  #rivalsOf(ticket: Ticket | undefined, code: string): RegisterRefusal['rivals'] {
    const sessionIds = ticket && code === 'too_many_sessions' ? this.#gate?.sessionsOf(ticket) : undefined;
    return ticket && sessionIds && { ticketId: ticket.id, sessions: sessionIds.flatMap((sessionId) => this.get(sessionId) ?? []) };
  }

  #add(client: Client, secret: Uint8Array | undefined): void {
    this.#secrets.set(client.index, secret);
    this.#clients.set(client.sessionId | 0, client);
  }

  /** @returns undefined for a client that does not prove that the session is its own. */
  #resume(request: ResumeRequest, link: ClientLink, offer: ProtectionOffer | undefined): RegisteredLink | undefined {
    const { sessionId } = request;
    const client = this.get(sessionId);
    const secret = client && this.secretOf(client);
    if (client === undefined || secret === undefined || !provesResume(client, secret, request)) return undefined;
    this.#changed.add(sessionId);
    const before = client.link;
    client.link = link;
    client.sinceMs = Math.floor(performance.now());
    // The last answer decides.
    client.protection = agreedWith(this.#config, this.#gate?.ticketOf(sessionId), offer);
    return { type: 'registered', client, isNew: false, isFresh: false, before };
  }

  /** Clients whose ticket would not be let in any more, with the reason. */
  *unwelcome(): Generator<readonly [Client, TicketRefusal]> {
    for (const client of this.#clients.values()) {
      const verified = this.#gate?.verify(client.ticket);
      if (verified?.type === 'refused') yield [client, verified];
    }
  }

  /** Ends a registration. @returns false if it was over already. */
  end(client: Client): boolean {
    const { sessionId, index } = client;
    const account = this.accountOf(client);
    if (!this.#clients.delete(sessionId | 0)) return false;
    this.#changed.add(sessionId);
    this.#tokens.release(sessionId);
    this.#gate?.close(sessionId);
    this.#secrets.delete(index);
    this.#seats.give(index, account, performance.now());
    return true;
  }

  /** Clients whose ticket has expired or was revoked, with the reason. */
  *expired(): Generator<readonly [Client, TicketRefusal]> {
    for (const { sessionId, refusal } of this.#gate?.expired() ?? []) {
      const client = this.get(sessionId);
      if (client !== undefined) yield [client, refusal];
    }
  }

  /**
   * Takes clients on that were registered in an earlier run, as far as they would be let in today.
   * @param nowMs when they are taken to have lost their connections.
   */
  restore(saved: readonly ClientSnapshot[], nowMs: number): Client[] {
    const restored: Client[] = [];
    const tokens = new RestoredTokens(this.#tokens, MAX_PER_ADDRESS);
    // In the order of their tokens, as they are taken.
    for (const one of saved.toSorted((a, b) => a.token - b.token)) {
      const { sessionId, address, token, dialect, capabilities, protection, secret, ticket, nonces } = one;
      const ip = this.#addresses.parse(address);
      const verified = this.#gate?.verify(ticket);
      if (ip === undefined || verified?.type === 'refused' || this.has(sessionId) || this.#clients.size >= this.#config.maxClients)
        continue;
      const prefix = this.#prefixOf(ip);
      // A session more than its ticket allows cannot be had again.
      const mayOpen = () => (verified && this.#gate?.open(verified, sessionId, true)) === undefined;
      if (!tokens.take(sessionId, prefix, token, mayOpen)) continue;
      const limits = limitsOf(verified);
      const { number: index } = this.#seats.take(accountOf(verified, prefix), performance.now());
      const client = new Client({ sessionId, index, ...prefix, token, dialect, capabilities, protection, ticket, ...limits }, undefined);
      client.nonces = nonces;
      client.resumes = one.resumes.highest < 0n ? undefined : new ProofNonces(one.resumes);
      client.sinceMs = Math.floor(nowMs);
      client.lookAtMs = Math.floor(nowMs + this.#config.graceSecs * 1_000);
      this.#add(client, secret);
      restored.push(client);
    }
    return restored;
  }

  /** The first address of the prefix from which a client registered, as text. */
  addressOf({ prefixHigh, prefixLow }: Client): string {
    return prefixHigh === 0 ? formatIpv4(prefixLow) : formatAddressWords(prefixHigh, prefixLow, 0, 0);
  }

  #prefixOf(ip: number): Pick<Client, 'prefixHigh' | 'prefixLow'> {
    return { prefixHigh: this.#addresses.prefixHigh(ip), prefixLow: this.#addresses.prefixLow(ip) };
  }
}
