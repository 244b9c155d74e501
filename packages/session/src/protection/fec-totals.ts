import type { GroupDecoder } from '@lightspeed/fec';

/** Statistics of decoders. */
export class FecTotals {
  /** Packets that were brought back and did not come after all. */
  recovered = 0;
  lost = 0;
  recoveryRejected = 0;
  parityIgnored = 0;
  untracked = 0;

  /** Adds what a decoder has counted since `counted` was brought up to its statistics, and brings it up to them. */
  addGrowth(decoder: GroupDecoder, counted: FecTotals): void {
    this.recovered += decoder.recoveriesSettled - counted.recovered;
    this.lost += decoder.packetsLost - counted.lost;
    this.recoveryRejected += decoder.recoveryRejected - counted.recoveryRejected;
    this.parityIgnored += decoder.parityIgnored - counted.parityIgnored;
    this.untracked += decoder.untracked - counted.untracked;
    counted.recovered = decoder.recoveriesSettled;
    counted.lost = decoder.packetsLost;
    counted.recoveryRejected = decoder.recoveryRejected;
    counted.parityIgnored = decoder.parityIgnored;
    counted.untracked = decoder.untracked;
  }
}
