import { Random } from '@lightspeed/netem';
import { chanceAt } from './seeded.ts';

/** What one direction of a line does to packets. Times are milliseconds, rates bytes per millisecond. */
export interface LineOptions {
  readonly seed: number;
  readonly delayMs: number;
  readonly jitterMs: number;
  /** Random loss at a time, 0 to 1. */
  readonly loss?: (timeMs: number) => number;
  /** Times at which nothing passes: such a part of all time, in stretches of such a mean. */
  readonly outages?: { readonly share: number; readonly meanMs: number };
  /** Loss in runs of packets (Gilbert): so much of all, in runs of such a mean. */
  readonly bursts?: { readonly share: number; readonly meanPackets: number };
  /** Drops what a token bucket does not have room for. */
  readonly policer?: { readonly rate: number; readonly bucketBytes: number };
  /** Delays what is too much, and drops what finds it full. `cross` is the mean rate of others' traffic, in bursts. */
  readonly queue?: { readonly rate: number; readonly bytes: number; readonly cross: number };
}

const CROSS_PACKET_BYTES = 1000;
const CROSS_BURST_PACKETS = 8;

/** One direction of a line, which keeps the order of packets. */
export class LossyLine {
  readonly #options: LineOptions;
  readonly #random: Random;
  readonly #outageRandom: Random;
  readonly #crossRandom: Random;
  #nowMs = 0;
  #tokens: number;
  #backlog = 0;
  #lastArrivalMs = 0;
  #isOut = false;
  #outageEdgeMs: number;
  #isBad = false;
  #crossMs = 0;

  constructor(options: LineOptions) {
    this.#options = options;
    const random = new Random(options.seed);
    this.#random = random.fork();
    this.#outageRandom = random.fork();
    this.#crossRandom = random.fork();
    this.#tokens = options.policer?.bucketBytes ?? 0;
    const { outages } = options;
    this.#outageEdgeMs = outages === undefined ? Infinity : this.#exponential(this.#outageRandom, this.#upMs);
  }

  /** A packet leaves. Times never go back. @returns when it arrives, or -1. */
  send(nowMs: number, bytes: number): number {
    const { policer, queue, loss, bursts, delayMs, jitterMs } = this.#options;
    const passedMs = nowMs - this.#nowMs;
    this.#nowMs = nowMs;
    let waitMs = 0;
    if (policer !== undefined) {
      this.#tokens = Math.min(policer.bucketBytes, this.#tokens + passedMs * policer.rate);
      if (this.#tokens < bytes) return -1;
      this.#tokens -= bytes;
    }
    if (queue !== undefined) {
      this.#drain(nowMs, passedMs);
      if (this.#backlog + bytes > queue.bytes) return -1;
      this.#backlog += bytes;
      waitMs = this.#backlog / queue.rate;
    }
    const isBad = bursts !== undefined && this.#stepBurst(bursts);
    if (isBad || this.#isOutAt(nowMs) || chanceAt(this.#options.seed, nowMs) < (loss?.(nowMs) ?? 0)) return -1;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, nowMs + delayMs + waitMs + this.#random.next() * jitterMs);
    return this.#lastArrivalMs;
  }

  /** Others' packets come in bursts, at times of their own. */
  #drain(nowMs: number, passedMs: number): void {
    const { queue } = this.#options;
    if (queue === undefined) return;
    let leftMs = passedMs;
    const gapMs = (CROSS_PACKET_BYTES * CROSS_BURST_PACKETS) / queue.cross;
    while (queue.cross > 0 && this.#crossMs < nowMs) {
      const untilMs = Math.max(0, this.#crossMs - (nowMs - leftMs));
      this.#backlog = Math.max(0, this.#backlog - untilMs * queue.rate);
      leftMs -= untilMs;
      for (let nth = 0; nth < CROSS_BURST_PACKETS; nth++) {
        if (this.#backlog + CROSS_PACKET_BYTES <= queue.bytes) this.#backlog += CROSS_PACKET_BYTES;
      }
      this.#crossMs += this.#exponential(this.#crossRandom, gapMs);
    }
    this.#backlog = Math.max(0, this.#backlog - leftMs * queue.rate);
  }

  #stepBurst({ share, meanPackets }: { readonly share: number; readonly meanPackets: number }): boolean {
    const leave = 1 / meanPackets;
    const enter = (share / (1 - share)) * leave;
    this.#isBad = this.#random.next() < (this.#isBad ? 1 - leave : enter);
    return this.#isBad;
  }

  #isOutAt(nowMs: number): boolean {
    while (this.#outageEdgeMs <= nowMs) {
      this.#isOut = !this.#isOut;
      const meanMs = this.#isOut ? (this.#options.outages?.meanMs ?? 0) : this.#upMs;
      this.#outageEdgeMs += this.#exponential(this.#outageRandom, meanMs);
    }
    return this.#isOut;
  }

  get #upMs(): number {
    const { outages } = this.#options;
    return outages === undefined ? 0 : (outages.meanMs * (1 - outages.share)) / outages.share;
  }

  #exponential(random: Random, mean: number): number {
    return -mean * Math.log(1 - random.next());
  }
}
