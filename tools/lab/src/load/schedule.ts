import { Random } from '@lightspeed/netem';

/** One window of load. */
export interface WindowPlan {
  /** On the machine's monotonic clock. */
  readonly startUs: number;
  /** Packets per second over all clients. */
  readonly ratePps: number;
  /** What is due within so many microseconds is sent at once; 0 for every packet when it is due. */
  readonly grainUs: number;
  /** Packets that a client sends at a time. */
  readonly burst: number;
  readonly warmUpMs: number;
  /** The load goes on for so long before and behind what is measured, so that CPU time is read outside of it. */
  readonly guardMs: number;
  readonly measureMs: number;
  /** How long a silence has to be before missing answers are given up. */
  readonly timeoutMs: number;
  /**
   * For runs that look for what is wrong, not for what it costs. They have payloads of many lengths whose content is
   * looked at, and turns with pauses between them. There are no more packets without an answer than the kernel's buffers
   * hold.
   */
  readonly careful?: boolean;
}

/**
 * When the packets of an open loop are due, whatever comes back. All clients send at the same pace, each at another
 * moment of it, as players do who know nothing of each other. A client sends one packet at a time, or a burst of several.
 * Packets are numbered in the order in which they are due.
 *
 * ```
 *   start         steady          measured             end       one period, four clients
 *     | warm-up     |  guard        |=====================| guard |     | c    a  b       d |
 * ```
 *
 * Times are microseconds of the machine's monotonic clock, as `engine.nowUs()` gives them.
 */
export class Schedule {
  /** The measured packets: from the first to below the second. */
  readonly firstMeasured: number;
  readonly endMeasured: number;
  /** How many packets are sent in all. */
  readonly total: number;
  readonly #plan: SchedulePlan;
  readonly #periodUs: number;
  /** When in each period a burst is due, ascending. */
  readonly #phasesUs: Float64Array;
  /** Whose burst that is. */
  readonly #clients: Uint16Array;

  constructor(plan: SchedulePlan) {
    const { clients, ratePps, burst, warmUpMs, guardMs, measureMs } = plan;
    this.#plan = plan;
    this.#periodUs = (clients * burst * 1_000_000) / ratePps;
    const moments = Array.from({ length: clients }, (_, client) => ({ client, phase: new Random(client).next() }));
    moments.sort((a, b) => a.phase - b.phase);
    this.#phasesUs = Float64Array.from(moments, ({ phase }) => phase * this.#periodUs);
    this.#clients = Uint16Array.from(moments, ({ client }) => client);
    this.firstMeasured = Math.round(((warmUpMs + guardMs) * ratePps) / 1_000);
    this.endMeasured = this.firstMeasured + Math.round((measureMs * ratePps) / 1_000);
    this.total = this.endMeasured + Math.round((guardMs * ratePps) / 1_000);
  }

  /** When a packet is due: latency counts from here, so that one which leaves late is not taken for a fast one. */
  dueUs(packet: number): number {
    const { startUs, clients, grainUs, burst } = this.#plan;
    const place = Math.floor(packet / burst);
    const sinceStartUs = Math.floor(place / clients) * this.#periodUs + this.#phasesUs[place % clients];
    return startUs + (grainUs === 0 ? sinceStartUs : Math.floor(sinceStartUs / grainUs) * grainUs);
  }

  clientOf(packet: number): number {
    return this.#clients[Math.floor(packet / this.#plan.burst) % this.#clients.length];
  }

  isMeasured(packet: number): boolean {
    return packet >= this.firstMeasured && packet < this.endMeasured;
  }
}

/** What of a load decides when each packet is sent. */
export type SchedulePlan = Omit<WindowPlan, 'timeoutMs' | 'careful'> & { readonly clients: number };
