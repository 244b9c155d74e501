import { hashPrefix } from '@lightspeed/security';
import { SHORTEST_IDLE_MS } from '../shortest-idle.ts';
import type { ReceiveSupply } from '../protection/xor-groups-receiver.ts';
import type { RelayOptions } from './relay-options.ts';
import type { AddressPrefix } from './address-prefix.ts';
import type { RelaySession, SessionRegistration } from './relay-session.ts';

/** Accounts are told apart by a hash, so that no session takes memory for it. Two that share a number share what it may have. */
const OWNERS = 1_024;

/** When less than this part of the sockets is free, flows that are idle end sooner, but never before SHORTEST_IDLE_MS. */
const SHORT = 0.25;

/**
 * Shares what is scarce among accounts: a ticket, or a prefix that registered or plays at an open node. The rule is that of
 * dynamic thresholds (Choudhury and Hahne, 1998): nobody may have more than is free. So something is left for whoever has
 * little, however many sessions others have, and nothing is kept back while nobody wants it.
 */
export class FairShares {
  /** How often a session was refused a socket because it, or its account, had its share. */
  socketsRefused = 0;
  readonly #options: Pick<RelayOptions, 'maxEgressSockets' | 'flowTimeoutMs'>;
  readonly #seed: number;
  readonly #supply: ReceiveSupply;
  /** By owner, from its first session on. */
  readonly #supplies: (ReceiveSupply | undefined)[] = [];
  readonly #sockets = new Int32Array(OWNERS);
  #openSockets = 0;
  /** Whose session was refused a socket last; null if none was since somebody asked. */
  #refused: SessionRegistration | AddressPrefix | null = null;

  constructor(
    options: Pick<RelayOptions, 'maxEgressSockets' | 'flowTimeoutMs'>,
    { memory, returns, fecTotals }: ReceiveSupply,
    random: number,
  ) {
    this.#options = options;
    this.#seed = random | 0;
    this.#supply = { memory, returns, fecTotals };
  }

  /** What a session receives with: blocks of memory are taken in its account's name. */
  supplyFor(registration: SessionRegistration | null, { prefixHigh, prefixLow }: AddressPrefix): ReceiveSupply {
    const account = registration?.account ?? -1;
    const owner = (account >= 0 ? hashPrefix(-1, account, this.#seed) : hashPrefix(prefixHigh, prefixLow, this.#seed)) & (OWNERS - 1);
    return (this.#supplies[owner] ??= { ...this.#supply, owner });
  }

  /**
   * Whether a session may have another socket; counts it for its account if so. Its account may not have more than is free. The
   * session may not have more flows than its account may still take: so something is left for its account's other sessions too.
   * @param isOwed it had the socket before a restart: nobody refuses it.
   */
  takeSocket(session: Pick<RelaySession, 'flowCount' | 'owner' | 'prefix' | 'registration'>, isOwed: boolean): boolean {
    const { flowCount, owner } = session;
    if (!isOwed && flowCount >= this.#freeSockets - this.#sockets[owner]) {
      this.socketsRefused++;
      this.#refused = session.registration ?? session.prefix;
      return false;
    }
    this.#sockets[owner]++;
    this.#openSockets++;
    return true;
  }

  /** The registration of the session that was refused a socket last, or its prefix. Null if none was since this was asked. */
  takeRefused(): SessionRegistration | AddressPrefix | null {
    const refused = this.#refused;
    this.#refused = null;
    return refused;
  }

  /** A socket that {@link takeSocket} has counted is closed, or could not be opened. */
  giveSocket(owner: number): void {
    this.#sockets[owner]--;
    this.#openSockets--;
  }

  /** After how long without a datagram of the client a flow ends: sooner when sockets are short. */
  get flowTimeoutMs(): number {
    const { maxEgressSockets, flowTimeoutMs } = this.#options;
    const isShort = this.#freeSockets < SHORT * maxEgressSockets;
    if (!isShort) return flowTimeoutMs;
    const left = this.#freeSockets / (SHORT * maxEgressSockets);
    return Math.max(this.shortestIdleMs, flowTimeoutMs * left);
  }

  /** After how long without a datagram of the client a flow ends at the soonest, also if another one of its session needs its place. */
  get shortestIdleMs(): number {
    return Math.min(SHORTEST_IDLE_MS, this.#options.flowTimeoutMs);
  }

  get #freeSockets(): number {
    return Math.max(0, this.#options.maxEgressSockets - this.#openSockets);
  }
}
