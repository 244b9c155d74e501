/** The averages over so many packets: what is now, what has been for some seconds, and what the line is like. */
const FAST_PACKETS = 40;
const SLOW_PACKETS = 240;
const LONG_PACKETS = 3600;
/** Runs of losses are averaged over so many lost packets. */
const RUN_LOSSES = 64;
/** Losses are in bursts only if there are more successive ones than chance would make, by so many deviations and one. */
const BURST_SIGMAS = 2;
/** Loss is growing if the fast average is so many of its own deviations above the slow one. */
const RISING_SIGMAS = 2;

/**
 * What reports say of loss on the way: averages over the last packets, and whether losses come singly. A burst is modelled as Gilbert
 * did. A packet behind a lost one is lost too with the probability 1 - 1/b, where b is the mean run.
 */
export class LossEstimate {
  /** Loss, 0 to 1: averages over 40, 240 and 3,600 packets. The last two are means while there were fewer. */
  fast = 0;
  slow = 0;
  long = 0;
  /** Runs of losses among the last 40 packets or so: 1 just after the first one, falling with time. */
  recentRuns = 0;
  /** Packets that these are made of. */
  packets = 0;
  #losses = 0;
  #runs = 0;

  /** Takes in what a report adds. */
  add(packets: number, lost: number, runs: number): void {
    this.packets += packets;
    const loss = lost / packets;
    this.fast += (loss - this.fast) * shareOf(packets, FAST_PACKETS);
    this.slow += (loss - this.slow) * Math.max(shareOf(packets, SLOW_PACKETS), Math.min(1, packets / Math.min(this.packets, SLOW_PACKETS)));
    this.long += (loss - this.long) * Math.max(shareOf(packets, LONG_PACKETS), Math.min(1, packets / Math.min(this.packets, LONG_PACKETS)));
    this.recentRuns = this.recentRuns * (1 - shareOf(packets, FAST_PACKETS)) + runs;
    if (lost === 0) return;
    const kept = 1 - shareOf(lost, RUN_LOSSES);
    this.#losses = this.#losses * kept + lost;
    this.#runs = this.#runs * kept + runs;
  }

  /** Whether loss has just begun to grow: the last 40 packets lost more than those before explain. */
  get isRising(): boolean {
    return this.fast > this.slow + RISING_SIGMAS * Math.sqrt((this.slow * (1 - this.slow)) / (2 * FAST_PACKETS));
  }

  /** Mean length of a run of successive losses, in packets; 1 while there were none. */
  get meanRun(): number {
    return this.#runs === 0 ? 1 : Math.max(1, this.#losses / this.#runs);
  }

  /** Whether losses come in bursts, beyond chance. */
  get isBursty(): boolean {
    const successive = this.#losses - this.#runs;
    const chance = this.#losses * this.slow;
    return successive > chance + BURST_SIGMAS * Math.sqrt(chance * (1 - this.slow)) + 1;
  }

  /** By how much bursts widen the variance of a count of losses; 1 without bursts. */
  get spread(): number {
    return this.isBursty ? 2 * this.meanRun - 1 : 1;
  }

  /**
   * How likely a packet is lost that leaves some packets behind a lost one.
   * @param loss the loss to reckon with, 0 to 1.
   */
  lossBehind(packets: number, loss: number): number {
    if (!this.isBursty || loss >= 1) return loss;
    const memory = 1 - 1 / this.meanRun - loss / (1 - loss) / this.meanRun;
    return memory <= 0 ? loss : loss + (1 - loss) * memory ** packets;
  }

  /** Forgets everything. */
  clear(): void {
    this.fast = this.slow = this.long = this.recentRuns = this.packets = this.#losses = this.#runs = 0;
  }
}

function shareOf(packets: number, of: number): number {
  return 1 - Math.exp(-packets / of);
}
