import type { AmplificationCredit } from '@lightspeed/security';
import { DropReason } from '@lightspeed/wire';
import type { AddressBook, AddressHandle, Milliseconds, PathNumber, Port, SessionSlot } from '@lightspeed/wire';
import { DUPLICATE_WINDOW_WORDS, DuplicateWindow } from '../base/duplicate-window.ts';
import { KeyTable } from '../key-table.ts';
import type { ClientAddress } from './client-address.ts';
import type { SessionQuota } from './relay-options.ts';
import { RelayPath } from './relay-session.ts';
import type { RelaySession } from './relay-session.ts';

const UNLIMITED: SessionQuota = { take: () => true, give: () => undefined };

/**
 * For how many sessions tables make room at once. Beyond that a limit that is never reached would cost memory: keys are
 * scattered over all of a table's pages.
 */
export function expectedSessions(maxSessions: number): number {
  return Math.min(maxSessions, 65_536);
}

/** The sessions of a relay by slot and by their clients' addresses, with the limits on how many there may be. */
export class SessionTable {
  readonly #byAddress: KeyTable;
  readonly #paths: (RelayPath | null)[] = [];
  readonly #freePaths: number[] = [];
  /** Sessions by the prefix of the addresses that they count for. */
  readonly #countByPrefix: KeyTable;
  readonly #slots: (RelaySession | null)[] = [];
  readonly #freeSlots: number[] = [];
  /** The bits of all sessions' duplicate windows, by slot. Pages that no slot has used yet take no memory. */
  readonly #windowWords: Int32Array;
  readonly #maxSessions: number;
  readonly #maxPerAddress: number;
  readonly #addresses: AddressBook;
  readonly #quota: SessionQuota;
  #count = 0;

  constructor(maxSessions: number, maxPerAddress: number, addresses: AddressBook, quota: SessionQuota | undefined, random: () => number) {
    this.#maxSessions = maxSessions;
    this.#maxPerAddress = maxPerAddress;
    this.#addresses = addresses;
    this.#quota = quota ?? UNLIMITED;
    this.#windowWords = new Int32Array(maxSessions * DUPLICATE_WINDOW_WORDS);
    this.#byAddress = new KeyTable(random(), expectedSessions(maxSessions), 2);
    this.#countByPrefix = new KeyTable(random(), 0, 2);
  }

  get size(): number {
    return this.#count;
  }

  /** The path that has a client's address, or null. */
  find(ip: AddressHandle, port: Port): RelayPath | null {
    const index = this.#byAddress.get(ip, port, 0, 0);
    return index < 0 ? null : this.#paths[index];
  }

  /**
   * Reserves a slot for a session that counts for a prefix. Follow it up with {@link add}.
   * @returns the slot, or -1 with the reason in {@link refusal}.
   */
  reserve(prefixHigh: number, prefixLow: number): number {
    if (this.#countAt(prefixHigh, prefixLow) >= this.#maxPerAddress) {
      this.refusal = DropReason.addressSessionLimit;
      return -1;
    }
    if (this.#count >= this.#maxSessions || !this.#quota.take()) {
      this.refusal = DropReason.sessionLimit;
      return -1;
    }
    const free = this.#freeSlots.pop();
    if (free !== undefined) return free;
    this.#slots.push(null);
    return this.#slots.length - 1;
  }

  /** Why {@link reserve} gave no slot. */
  refusal: DropReason = DropReason.sessionLimit;

  /** The duplicate window of a slot's next session. */
  freshWindow(slot: SessionSlot): DuplicateWindow {
    return new DuplicateWindow(this.#windowWords, slot * DUPLICATE_WINDOW_WORDS);
  }

  /** Puts a session into the slot that was reserved for it. It has no path yet. */
  add(session: RelaySession): void {
    const { prefix, slot } = session;
    const { prefixHigh, prefixLow } = prefix;
    this.#slots[slot] = session;
    this.#count++;
    this.#setCount(prefixHigh, prefixLow, this.#countAt(prefixHigh, prefixLow) + 1);
  }

  /** Takes a session out and frees its slot and its paths' addresses. */
  remove(session: RelaySession): void {
    const { prefix, slot } = session;
    const { prefixHigh, prefixLow } = prefix;
    while (session.firstPath !== null) this.removePath(session.firstPath);
    this.#slots[slot] = null;
    this.#freeSlots.push(slot);
    this.#count--;
    this.#setCount(prefixHigh, prefixLow, this.#countAt(prefixHigh, prefixLow) - 1);
    this.#quota.give();
  }

  /**
   * Gives a session a path by an address, which another path loses if it had it. It becomes the primary one if there is
   * none.
   * @param credit null for an address that is validated.
   */
  addPath(
    session: RelaySession,
    number: PathNumber,
    at: ClientAddress,
    credit: AmplificationCredit | null,
    nowMs: Milliseconds,
  ): RelayPath {
    const { ip, port, local } = at;
    const before = this.find(ip, port);
    this.#addresses.retain(ip);
    this.#addresses.retain(local);
    if (before !== null) this.removePath(before);
    const path = new RelayPath(session, number, at, credit, nowMs);
    const index = this.#freePaths.pop() ?? this.#paths.length;
    this.#paths[index] = path;
    this.#byAddress.set(ip, port, 0, 0, index);
    link(session, path);
    session.primary ??= path;
    return path;
  }

  /** Takes a path from its session. Another one becomes the primary one, if there is another. */
  removePath(path: RelayPath): void {
    const { session, ip, port, local } = path;
    const index = this.#byAddress.get(ip, port, 0, 0);
    this.#byAddress.delete(ip, port, 0, 0);
    this.#paths[index] = null;
    this.#freePaths.push(index);
    unlink(session, path);
    if (session.primary === path) session.primary = firstValidated(session) ?? session.firstPath;
    if (session.pendingFin?.path === path) session.pendingFin = null;
    this.#addresses.release(ip);
    this.#addresses.release(local);
  }

  /** The client speaks to another address of the node by a path. */
  moveLocal(path: RelayPath, local: AddressHandle): void {
    this.#addresses.retain(local);
    this.#addresses.release(path.local);
    path.local = local;
    path.session.isChanged = true;
  }

  /** How many sessions count for a prefix. */
  #countAt(high: number, low: number): number {
    return Math.max(0, this.#countByPrefix.get(low, high, 0, 0));
  }

  #setCount(high: number, low: number, count: number): void {
    if (count === 0) this.#countByPrefix.delete(low, high, 0, 0);
    else this.#countByPrefix.set(low, high, 0, 0, count);
  }

  /** Slots in use are below this number; {@link at} gives null for those that are free. */
  get slotCount(): number {
    return this.#slots.length;
  }

  at(slot: SessionSlot): RelaySession | null {
    return this.#slots[slot];
  }
}

function firstValidated(session: RelaySession): RelayPath | null {
  let path = session.firstPath;
  while (path !== null && !path.isValidated) path = path.nextOfSession;
  return path;
}

/** Puts a path behind the others of its session. */
function link(session: RelaySession, path: RelayPath): void {
  session.isChanged = true;
  session.pathCount++;
  if (session.firstPath === null) {
    session.firstPath = path;
    return;
  }
  let last = session.firstPath;
  while (last.nextOfSession !== null) last = last.nextOfSession;
  last.nextOfSession = path;
}

function unlink(session: RelaySession, path: RelayPath): void {
  session.isChanged = true;
  session.pathCount--;
  if (session.firstPath === path) session.firstPath = path.nextOfSession;
  for (let before = session.firstPath; before !== null; before = before.nextOfSession) {
    if (before.nextOfSession === path) before.nextOfSession = path.nextOfSession;
  }
  path.nextOfSession = null;
}
