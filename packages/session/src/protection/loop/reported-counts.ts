import { sequenceDelta } from '@lightspeed/wire';
import type { SequenceNumber } from '@lightspeed/wire';

/** A report may speak of one of so many packets that were sent last. */
const MAX_BEHIND_PACKETS = 4096;

/** What a report says in comparison with the one before. */
export const ReportKind = {
  /** Nothing to compare it with, or nothing new. */
  noNews: 0,
  news: 1,
  /** It cannot be true. */
  bad: 2,
} as const;

/** One of {@link ReportKind}. */
type ReportKindValue = (typeof ReportKind)[keyof typeof ReportKind];

/** Makes differences of the counts in reports, and refuses what cannot be true. */
export class ReportedCounts {
  /** What the last report with news has added: packets that are judged, how many of them were lost, in how many runs. */
  packets = 0;
  lost = 0;
  newRuns = 0;
  /** The numbers of which it speaks: from this one to {@link highest}. */
  from: SequenceNumber = 0;
  highest: SequenceNumber = 0;
  #received = 0;
  #runs = 0;
  #epoch = -1;

  /**
   * @param sequence the number of the last packet that was sent.
   * @param sentPackets how many packets were sent in all, or any number above 4,096.
   */
  take(
    highest: SequenceNumber,
    received: number,
    runs: number,
    epoch: number,
    sequence: SequenceNumber,
    sentPackets: number,
  ): ReportKindValue {
    const behind = sequenceDelta(sequence, highest);
    // What is judged first is the number before the first one.
    if (behind < 0 || behind >= MAX_BEHIND_PACKETS || behind > sentPackets) return ReportKind.bad;
    if (epoch !== this.#epoch) return this.#begin(highest, received, runs, epoch);
    const packets = sequenceDelta(highest, this.highest);
    // One that was overtaken, or long ago.
    if (packets <= 0) return packets > -MAX_BEHIND_PACKETS ? ReportKind.noNews : this.#begin(highest, received, runs, epoch);
    const lost = packets - ((received - this.#received) & 0xffff);
    const newRuns = (runs - this.#runs) & 0xffff;
    if (lost < 0 || newRuns > lost) return ReportKind.bad;
    this.from = (this.highest + 1) & 0xffff;
    this.packets = packets;
    this.lost = lost;
    this.newRuns = newRuns;
    this.#begin(highest, received, runs, epoch);
    return ReportKind.news;
  }

  /** Takes the next report as the first one. */
  forget(): void {
    this.#epoch = -1;
  }

  #begin(highest: SequenceNumber, received: number, runs: number, epoch: number): ReportKindValue {
    this.highest = highest;
    this.#received = received;
    this.#runs = runs;
    this.#epoch = epoch;
    return ReportKind.noNews;
  }
}
