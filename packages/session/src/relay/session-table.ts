import { DropReason } from '@lightspeed/wire';
import { KeyTable } from '../key-table.ts';
import type { SessionQuota } from './relay-options.ts';
import type { RelaySession } from './relay-session.ts';

const UNLIMITED: SessionQuota = { take: () => true, give: () => undefined };

/** The sessions of a relay by slot and by client address, with the limits on how many there may be. */
export class SessionTable {
  readonly #byAddress: KeyTable;
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

  /** The session that is bound to a client's address, or null. */
  find(ip: number, port: number): RelaySession | null {
    const slot = this.#byAddress.get(ip, port, 0, 0);
    return slot < 0 ? null : this.#slots[slot];
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

  /** Puts a session into the slot that was reserved for it. */
  add(session: RelaySession): void {
    this.#slots[session.slot] = session;
    this.#byAddress.set(session.ip, session.port, 0, 0, session.slot);
    this.#countByIp.set(session.ip, 0, 0, 0, Math.max(0, this.#countByIp.get(session.ip, 0, 0, 0)) + 1);
    this.#count++;
  }

  /** Takes a session out and frees its slot. */
  remove(session: RelaySession): void {
    this.#slots[session.slot] = null;
    this.#freeSlots.push(session.slot);
    this.#byAddress.delete(session.ip, session.port, 0, 0);
    const count = this.#countByIp.get(session.ip, 0, 0, 0) - 1;
    if (count <= 0) this.#countByIp.delete(session.ip, 0, 0, 0);
    else this.#countByIp.set(session.ip, 0, 0, 0, count);
    this.#count--;
    this.#quota.give();
  }

  /** Slots in use are below this number; {@link at} gives null for those that are free. */
  get slotCount(): number {
    return this.#slots.length;
  }

  at(slot: number): RelaySession | null {
    return this.#slots[slot];
  }
}
