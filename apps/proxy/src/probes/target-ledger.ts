import type { ProbeRefusal } from '@lightspeed/control';

/** Different servers that a ticket may ask for within a second. */
const MAX_TARGETS_PER_SECOND = 3;
/** Ports of one address that a ticket may ask for within {@link REMEMBERED_MS}. */
const MAX_PORTS_PER_ADDRESS = 4;
/** A server is forgotten when a ticket has not asked for it for so long. */
const REMEMBERED_MS = 600_000;
/** Probes of one server for one ticket: so many at once, and so many a second in the long run. */
const BURST_PROBES = 24;
const PROBES_PER_SECOND = 12;
/** Tickets whose servers are remembered. More are refused, so that none is forgotten before its time. */
const MAX_ACCOUNTS = 4_096;
const SECOND_MS = 1_000;

/** A server that a ticket has asked for. */
interface AskedTarget {
  readonly ip: number;
  askedMs: number;
  /** Probes that are left of its bucket, as of `askedMs`. */
  left: number;
}

/** What is remembered of a ticket. */
interface AskedTargets {
  /** By address and port, the one that was asked for longest ago first. */
  readonly targets: Map<number, AskedTarget>;
  /** Those of the last second. */
  recent: { readonly key: number; readonly atMs: number }[];
}

/** A request as far as it is counted. */
export interface CountedRequest {
  /** To whom it is charged: a ticket's id, or an address. */
  readonly account: string;
  /** Unsigned. */
  readonly ip: number;
  readonly port: number;
  /** Probes that it asks for. */
  readonly count: number;
}

/**
 * Which servers tickets have asked for lately. It keeps a client from using the node as a port scanner (docs/security.md, Probes):
 * few different servers, few ports of each, and few probes. Asking for the same server once a second is never a new server.
 *
 * Memory: 4,096 tickets with `maxTargets` servers each. Times are milliseconds of one monotonic clock.
 */
export class TargetLedger {
  readonly #accounts = new Map<string, AskedTargets>();

  /** Tickets that are remembered. */
  get size(): number {
    return this.#accounts.size;
  }

  /**
   * Counts a request, if it may be done.
   * @param maxTargets different servers that a ticket may have asked for within ten minutes.
   * @returns whether the server is new to the ticket, or why the request is refused.
   */
  admit({ account, ip, port, count }: CountedRequest, maxTargets: number, nowMs: number): 'known' | 'new' | ProbeRefusal {
    const asked = this.#of(account, nowMs);
    if (asked === undefined) return 'busy';
    forgetOld(asked, nowMs);
    const key = ip * 0x1_0000 + port;
    const others = new Set(asked.recent.map((one) => one.key)).add(key);
    if (others.size > MAX_TARGETS_PER_SECOND) return 'rate';
    const known = asked.targets.get(key);
    if (known === undefined) {
      if ([...asked.targets.values()].filter((target) => target.ip === ip).length >= MAX_PORTS_PER_ADDRESS) return 'ports';
      if (asked.targets.size >= maxTargets) return 'targets';
    }
    const left = known === undefined ? BURST_PROBES : leftOf(known, nowMs);
    if (left < count) return 'rate';
    if (!asked.recent.some((one) => one.key === key)) asked.recent.push({ key, atMs: nowMs });
    // Behind those that were asked for earlier.
    asked.targets.delete(key);
    asked.targets.set(key, { ip, askedMs: nowMs, left: left - count });
    return known === undefined ? 'new' : 'known';
  }

  #of(account: string, nowMs: number): AskedTargets | undefined {
    const known = this.#accounts.get(account);
    if (known !== undefined) return known;
    if (this.#accounts.size >= MAX_ACCOUNTS) this.#forgetAccounts(nowMs);
    if (this.#accounts.size >= MAX_ACCOUNTS) return undefined;
    const asked: AskedTargets = { targets: new Map(), recent: [] };
    this.#accounts.set(account, asked);
    return asked;
  }

  #forgetAccounts(nowMs: number): void {
    for (const [account, asked] of this.#accounts) {
      forgetOld(asked, nowMs);
      if (asked.targets.size === 0) this.#accounts.delete(account);
    }
  }
}

function forgetOld(asked: AskedTargets, nowMs: number): void {
  for (const [key, { askedMs }] of asked.targets) {
    if (nowMs - askedMs < REMEMBERED_MS) break;
    asked.targets.delete(key);
  }
  asked.recent = asked.recent.filter(({ atMs }) => nowMs - atMs < SECOND_MS);
}

function leftOf({ askedMs, left }: AskedTarget, nowMs: number): number {
  return Math.min(BURST_PROBES, left + ((nowMs - askedMs) / SECOND_MS) * PROBES_PER_SECOND);
}
