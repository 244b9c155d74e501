import { DropReason } from '@lightspeed/wire';
import { DUPLICATE_WINDOW_WORDS, DuplicateWindow } from '../duplicate-window.ts';
import { KeyTable } from '../key-table.ts';
import type { SessionQuota } from './relay-options.ts';
import { RelayPath } from './relay-path.ts';
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
  readonly #countByIp: KeyTable;
  readonly #slots: (RelaySession | null)[] = [];
  readonly #freeSlots: number[] = [];
  /** The bits of all sessions' duplicate windows, by slot. Pages that no slot has used yet take no memory. */
  readonly #windowWords: Int32Array;
  readonly #maxSessions: number;
  readonly #maxPerIp: number;
  readonly #quota: SessionQuota;
  #count = 0;

  constructor(maxSessions: number, maxPerIp: number, quota: SessionQuota | undefined, random: () => number) {
    this.#maxSessions = maxSessions;
    this.#maxPerIp = maxPerIp;
    this.#quota = quota ?? UNLIMITED;
    this.#windowWords = new Int32Array(maxSessions * DUPLICATE_WINDOW_WORDS);
    this.#byAddress = new KeyTable(random(), expectedSessions(maxSessions), 2);
    this.#countByIp = new KeyTable(random(), 0, 1);
  }

  get size(): number {
    return this.#count;
  }

  /** The path that has a client's address, or null. */
  find(ip: number, port: number): RelayPath | null {
    const index = this.#byAddress.get(ip, port, 0, 0);
    return index < 0 ? null : this.#paths[index];
  }

  /**
   * Reserves a slot for a session of an address. Follow it up with {@link add}.
   * @returns the slot, or -1 with the reason in {@link refusal}.
   */
  reserve(ip: number): number {
    if (this.#countByIp.get(ip, 0, 0, 0) >= this.#maxPerIp) {
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
  freshWindow(slot: number): DuplicateWindow {
    return new DuplicateWindow(this.#windowWords, slot * DUPLICATE_WINDOW_WORDS);
  }

  /** Puts a session into the slot that was reserved for it. It has no path yet. */
  add(session: RelaySession): void {
    this.#slots[session.slot] = session;
    this.#count++;
  }

  /** Takes a session out and frees its slot and its paths' addresses. */
  remove(session: RelaySession): void {
    while (session.firstPath !== null) this.removePath(session.firstPath);
    this.#slots[session.slot] = null;
    this.#freeSlots.push(session.slot);
    this.#count--;
    this.#quota.give();
  }

  /**
   * Gives a session a path by an address, which another path loses if it had it. It becomes the primary one if there is
   * none.
   */
  addPath(session: RelaySession, number: number, ip: number, port: number, nowMs: number): RelayPath {
    const before = this.find(ip, port);
    if (before !== null) this.removePath(before);
    const path = new RelayPath(session, number, ip, port, nowMs);
    const index = this.#freePaths.pop() ?? this.#paths.length;
    this.#paths[index] = path;
    this.#byAddress.set(ip, port, 0, 0, index);
    this.#countByIp.set(ip, 0, 0, 0, Math.max(0, this.#countByIp.get(ip, 0, 0, 0)) + 1);
    link(session, path);
    session.primary ??= path;
    return path;
  }

  /** Takes a path from its session. Another one becomes the primary one, if there is another. */
  removePath(path: RelayPath): void {
    const { session, ip, port } = path;
    const index = this.#byAddress.get(ip, port, 0, 0);
    this.#byAddress.delete(ip, port, 0, 0);
    this.#paths[index] = null;
    this.#freePaths.push(index);
    const count = this.#countByIp.get(ip, 0, 0, 0) - 1;
    if (count <= 0) this.#countByIp.delete(ip, 0, 0, 0);
    else this.#countByIp.set(ip, 0, 0, 0, count);
    unlink(session, path);
    if (session.primary === path) session.primary = session.firstPath;
  }

  /** Slots in use are below this number; {@link at} gives null for those that are free. */
  get slotCount(): number {
    return this.#slots.length;
  }

  at(slot: number): RelaySession | null {
    return this.#slots[slot];
  }
}

/** Puts a path behind the others of its session. */
function link(session: RelaySession, path: RelayPath): void {
  session.isUnsaved = true;
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
  session.isUnsaved = true;
  session.pathCount--;
  if (session.firstPath === path) session.firstPath = path.nextOfSession;
  for (let before = session.firstPath; before !== null; before = before.nextOfSession) {
    if (before.nextOfSession === path) before.nextOfSession = path.nextOfSession;
  }
  path.nextOfSession = null;
}
