import { DropReason } from '@lightspeed/wire';
import { KeyTable } from '../key-table.ts';
import type { SessionQuota } from './relay-options.ts';
import { RelayPath } from './relay-path.ts';
import type { RelaySession } from './relay-session.ts';

const UNLIMITED: SessionQuota = { take: () => true, give: () => undefined };

/** The sessions of a relay by slot and by their clients' addresses, with the limits on how many there may be. */
export class SessionTable {
  readonly #byAddress: KeyTable;
  readonly #paths: (RelayPath | null)[] = [];
  readonly #freePaths: number[] = [];
  readonly #countByIp: KeyTable;
  readonly #slots: (RelaySession | null)[] = [];
  readonly #freeSlots: number[] = [];
  readonly #maxSessions: number;
  readonly #maxPerIp: number;
  readonly #quota: SessionQuota;
  #count = 0;

  constructor(maxSessions: number, maxPerIp: number, quota: SessionQuota | undefined, random: () => number) {
    this.#maxSessions = maxSessions;
    this.#maxPerIp = maxPerIp;
    this.#quota = quota ?? UNLIMITED;
    this.#byAddress = new KeyTable(random());
    this.#countByIp = new KeyTable(random());
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

  /** Puts a session into the slot that was reserved for it. It has no path yet. */
  add(session: RelaySession): void {
    this.#slots[session.slot] = session;
    this.#count++;
  }

  /** Takes a session out and frees its slot and its paths' addresses. */
  remove(session: RelaySession): void {
    for (const path of [...session.paths]) this.removePath(path);
    this.#slots[session.slot] = null;
    this.#freeSlots.push(session.slot);
    this.#count--;
    this.#quota.give();
  }

  /** Gives a session a path by an address that no path has. It becomes the primary one if there is none. */
  addPath(session: RelaySession, number: number, ip: number, port: number, nowMs: number): RelayPath {
    const path = new RelayPath(session, number, ip, port, nowMs);
    const index = this.#freePaths.pop() ?? this.#paths.length;
    this.#paths[index] = path;
    this.#byAddress.set(ip, port, 0, 0, index);
    this.#countByIp.set(ip, 0, 0, 0, Math.max(0, this.#countByIp.get(ip, 0, 0, 0)) + 1);
    session.paths.push(path);
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
    session.paths.splice(session.paths.indexOf(path), 1);
    if (session.primary === path) session.primary = session.paths.at(0) ?? null;
  }

  /** Slots in use are below this number; {@link at} gives null for those that are free. */
  get slotCount(): number {
    return this.#slots.length;
  }

  at(slot: number): RelaySession | null {
    return this.#slots[slot];
  }
}
