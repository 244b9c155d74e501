import { DROP_REASON_COUNT, DropReason } from '@lightspeed/wire';
import type { AddressHandle, Port, SessionSlot } from '@lightspeed/wire';
import type { RelaySession } from './relay-session.ts';

/** So many different game servers are named in one report. */
const MAX_DESTINATIONS = 8;
/** Words of one of them: address, port, reason. */
const DESTINATION_WORDS = 3;
/** Of these clients are told. */
const TOLD_REASONS: readonly DropReason[] = [
  DropReason.ratePackets,
  DropReason.rateBytes,
  DropReason.destinationDenied,
  DropReason.reflection,
  DropReason.flowLimit,
  DropReason.egressExhausted,
  DropReason.amplification,
  DropReason.oversize,
];
const REASONS = TOLD_REASONS.length;
const DIRECTIONS = ['up', 'down'] as const;

/** Position in {@link TOLD_REASONS} by drop reason; -1 for those of which clients are not told. */
const TOLD = Int8Array.from({ length: DROP_REASON_COUNT }, (_, reason) => TOLD_REASONS.indexOf(reason as DropReason));

/** A client's packet was refused. */
export const REFUSED_UP = 0;
/** A game server's datagram was refused. */
export const REFUSED_DOWN = 1;

/** Packets of a session that were refused for one reason. */
interface RefusedPackets {
  /** `up`: the client's; `down`: datagrams of game servers. */
  readonly direction: 'up' | 'down';
  readonly reason: DropReason;
  readonly packets: number;
}

/** A game server to which no flow was opened. */
interface RefusedDestination {
  /** Unsigned. */
  readonly ip: number;
  readonly port: number;
  readonly reason: DropReason;
}

/** What was refused to a session. */
export interface TakenRefusals {
  readonly packets: readonly RefusedPackets[];
  readonly destinations: readonly RefusedDestination[];
}

/** The counts of one session. */
class Counts {
  /** By direction and position in {@link TOLD_REASONS}. */
  readonly packets = new Uint32Array(DIRECTIONS.length * REASONS);
  readonly destinations = new Int32Array(MAX_DESTINATIONS * DESTINATION_WORDS);
  destinationCount = 0;

  noteDestination(ip: AddressHandle, port: Port, reason: number): void {
    const words = this.destinations;
    const end = this.destinationCount * DESTINATION_WORDS;
    for (let at = 0; at < end; at += DESTINATION_WORDS) if (words[at] === ip && words[at + 1] === port) return;
    if (this.destinationCount === MAX_DESTINATIONS) return;
    words[end] = ip;
    words[end + 1] = port;
    words[end + 2] = reason;
    this.destinationCount++;
  }

  take(): TakenRefusals {
    const packets = [...this.packets].flatMap((count, place) => {
      const reason = TOLD_REASONS[place % REASONS];
      return count === 0 ? [] : [{ direction: DIRECTIONS[Math.floor(place / REASONS)], reason, packets: count }];
    });
    const destinations = Array.from({ length: this.destinationCount }, (_, place) => {
      const at = place * DESTINATION_WORDS;
      return { ip: this.destinations[at] >>> 0, port: this.destinations[at + 1], reason: TOLD_REASONS[this.destinations[at + 2]] };
    });
    this.clear();
    return { packets, destinations };
  }

  clear(): void {
    this.packets.fill(0);
    this.destinationCount = 0;
  }
}

const NOTHING: TakenRefusals = { packets: [], destinations: [] };

/**
 * What was refused to sessions since their reports before. Only sessions to which something was refused have memory here. What
 * they give back is used again, so a flood of refused packets allocates nothing.
 */
export class SessionRefusals {
  readonly #bySlot = new Map<SessionSlot, Counts>();
  readonly #free: Counts[] = [];

  /** A packet of a session was refused. Counts it if its client is to be told. */
  note(session: RelaySession, direction: typeof REFUSED_UP | typeof REFUSED_DOWN, reason: DropReason): void {
    const place = TOLD[reason];
    if (place < 0 || !isTold(session)) return;
    this.#of(session.slot).packets[direction * REASONS + place]++;
  }

  /** A flow to a game server was refused to a session. */
  noteDestination(session: RelaySession, ip: AddressHandle, port: Port, reason: DropReason): void {
    const place = TOLD[reason];
    if (place < 0 || !isTold(session)) return;
    this.#of(session.slot).noteDestination(ip, port, place);
  }

  has(slot: SessionSlot): boolean {
    return this.#bySlot.has(slot);
  }

  /** What was refused since this was called last. */
  take(slot: SessionSlot): TakenRefusals {
    const counts = this.#bySlot.get(slot);
    if (counts === undefined) return NOTHING;
    const taken = counts.take();
    this.#giveBack(slot, counts);
    return taken;
  }

  /** The session of a slot is over. */
  forget(slot: SessionSlot): void {
    const counts = this.#bySlot.get(slot);
    if (counts === undefined) return;
    counts.clear();
    this.#giveBack(slot, counts);
  }

  #of(slot: SessionSlot): Counts {
    let counts = this.#bySlot.get(slot);
    if (counts === undefined) {
      counts = this.#free.pop() ?? new Counts();
      this.#bySlot.set(slot, counts);
    }
    return counts;
  }

  #giveBack(slot: SessionSlot, counts: Counts): void {
    this.#bySlot.delete(slot);
    this.#free.push(counts);
  }
}

/** Not if the refusal has ended the session: its slot may be another one's soon. */
function isTold(session: RelaySession): boolean {
  const { registration } = session;
  return registration !== null && registration.wantsReports && registration.session === session;
}
