import type { FecDecoder } from '@lightspeed/fec';

/** Statistics of several decoders, added up. */
export class FecTotals {
  recovered = 0;
  lost = 0;
  recoveryRejected = 0;
  parityIgnored = 0;
  untracked = 0;

  add(decoder: FecDecoder): void {
    this.recovered += decoder.packetsRecovered;
    this.lost += decoder.packetsLost;
    this.recoveryRejected += decoder.recoveryRejected;
    this.parityIgnored += decoder.parityIgnored;
    this.untracked += decoder.untracked;
  }

  clear(): void {
    this.recovered = 0;
    this.lost = 0;
    this.recoveryRejected = 0;
    this.parityIgnored = 0;
    this.untracked = 0;
  }
}
