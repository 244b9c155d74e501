/**
 * When the packets of an open loop are due: at a fixed rate, whatever comes back. Numbers count from 0.
 *
 * ```
 *   start         steady          measured             end
 *     | warm-up     |  guard        |=====================| guard |
 * ```
 *
 * Times are microseconds of the machine's monotonic clock, as `engine.nowUs()` gives them.
 */
export class Schedule {
  readonly startUs: number;
  readonly ratePps: number;
  /** The measured packets: from the first to below the second. */
  readonly firstMeasured: number;
  readonly endMeasured: number;
  /** How many packets are sent in all. */
  readonly total: number;

  constructor({ startUs, ratePps, warmUpMs, guardMs, measureMs }: SchedulePlan) {
    this.startUs = startUs;
    this.ratePps = ratePps;
    this.firstMeasured = Math.round(((warmUpMs + guardMs) * ratePps) / 1_000);
    this.endMeasured = this.firstMeasured + Math.round((measureMs * ratePps) / 1_000);
    this.total = this.endMeasured + Math.round((guardMs * ratePps) / 1_000);
  }

  /** How many packets are due by then. */
  dueBy(nowUs: number): number {
    if (nowUs < this.startUs) return 0;
    return Math.min(this.total, Math.floor(((nowUs - this.startUs) * this.ratePps) / 1_000_000) + 1);
  }

  /** When a packet is due: latency counts from here, so that one which leaves late is not taken for a fast one. */
  dueUs(packet: number): number {
    return this.startUs + (packet * 1_000_000) / this.ratePps;
  }

  isMeasured(packet: number): boolean {
    return packet >= this.firstMeasured && packet < this.endMeasured;
  }
}

export interface SchedulePlan {
  readonly startUs: number;
  /** Packets per second, over all clients. */
  readonly ratePps: number;
  readonly warmUpMs: number;
  /** The load goes on for so long before and behind what is measured, so that CPU time is read outside of it. */
  readonly guardMs: number;
  readonly measureMs: number;
}
