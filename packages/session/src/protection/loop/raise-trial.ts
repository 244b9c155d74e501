import type { Milliseconds } from '@lightspeed/wire';
import type { ProtectionStep } from './protection-step.ts';

/** More loss than chance explains: so many deviations and packets more than there was before. */
const HARM_SIGMAS = 3;
const HARM_PACKETS = 1;
/** So much loss of so many packets is rarely a line's own, and full lines show it: fewer deviations are enough. */
const MUCH_LOSS = 0.25;
const MUCH_LOSS_PACKETS = 45;
const MUCH_LOSS_SIGMAS = 2;
/** The queue has grown by so much: the line is full. By twice as much, and one report is enough. */
const HARM_DELAY_MS = 10;
/** So many reports in a row have to say so: just after the raise, and later. */
const HARM_REPORTS = 2;
const LATER_HARM_REPORTS = 3;
/** From so many packets on it is known whether a raise did harm. */
const TRIAL_PACKETS = 120;
/** Later loss is looked at over the last packets: an average that forgets so many is as sure as a mean of twice as many. */
const RECENT_PACKETS = 240;
/** Loss is under suspicion to have grown from so many deviations on, and a queue from so many milliseconds. */
const SUSPECT_SIGMAS = 1;
const SUSPECT_DELAY_MS = 4;
/** So much loss is under suspicion if what was before is known of fewer packets. */
const DOUBTFUL_LOSS = 0.1;
const KNOWN_PACKETS = 120;
/** A raise begins with so few packets where the one before has filled a queue. They show it again, and it drains soon. */
const PILOT_PACKETS = 4;
/** A look without the step is so many packets long. */
const PROBE_PACKETS = 45;
/** Nothing is said of fewer, or of so many times more where bursts make counts vary. */
const LEAST_PROBE_PACKETS = 15;
/** It goes on to so many while it cannot be said. */
const LONGEST_PROBE_PACKETS = 90;
/** There is less loss without: so many deviations, and so many times less. There is not, if it is less than one deviation. */
const LESS_SIGMAS = 2.5;
const LESS_TIMES = 1.5;
const CLEARED_SIGMAS = 1;
const CLEARED_PACKETS = 30;
/** The first look is so long after the raise, the second so long after that. Each later one takes twice as long as the one before. */
const FIRST_PROBE_MS = 4000;
const SECOND_PROBE_MS = 15_000;
/** Where loss has grown since, the next look follows sooner. */
const AGAIN_PROBE_MS = 2000;
const LONGEST_PROBE_WAIT_MS = 240_000;

/** What a trial has found out. */
export type TrialVerdict = 'open' | 'harm' | 'passed';

/** How it was before a raise. */
export interface BeforeRaise {
  readonly step: ProtectionStep;
  /** Loss, 0 to 1, and of how many packets that is known. */
  readonly loss: number;
  readonly packets: number;
  /** By how much bursts widen the variance of a count of losses: 2b - 1 for runs of mean b (Gilbert's model). */
  readonly spread: number;
  /** The averages over few and over more packets, for when it is as before again. */
  readonly fast: number;
  readonly slow: number;
  readonly delayMs: Milliseconds;
}

/**
 * What a raise of the protection has done to the line. Random loss stays as it is, whatever is added; a line that is full loses more, or
 * its queue grows. What is known of the time before may be little, so its own uncertainty counts. If that leaves a doubt, the loop looks
 * without the step for a moment.
 */
export class RaiseTrial {
  before: BeforeRaise;
  readonly sinceMs: Milliseconds;
  /** Whether the raise may have done harm: loss without it is worth a look. */
  isSuspect = false;
  /** Whether it has been found to do no harm, at least once. */
  wasCleared = false;
  /** When to look without it. */
  probeMs: Milliseconds;
  /** Loss with the step and without it, as far as it was looked at. */
  packets = 0;
  lost = 0;
  packetsWithout = 0;
  lostWithout = 0;
  delayMs: Milliseconds = 0;
  /** Loss over the last packets, so that what grows later is seen too. */
  recentLoss = 0;
  /** Whether what was sent with the step so far is only a pilot. */
  isPiloting: boolean;
  #pilotLeft: number;
  #passedLoss = 0;
  #delayWithoutMs = Infinity;
  #reportsOfQueue = 0;
  #isOpen = true;
  #probeWaitMs = SECOND_PROBE_MS;
  #probeSent = 0;
  #probeEndMs: Milliseconds;
  #isClear = false;

  /** @param isPiloted whether a few packets go first, and are waited for. */
  constructor(before: BeforeRaise, nowMs: Milliseconds, isPiloted: boolean) {
    this.before = before;
    this.#pilotLeft = isPiloted ? PILOT_PACKETS : 0;
    this.isPiloting = isPiloted;
    this.sinceMs = this.#probeEndMs = nowMs;
    this.probeMs = (nowMs + FIRST_PROBE_MS) | 0;
  }

  /** Loss since the raise. */
  get lossWith(): number {
    return this.packets === 0 ? 0 : this.lost / this.packets;
  }

  /** Loss while it was looked at without the step. */
  get lossWithout(): number {
    return this.packetsWithout === 0 ? 0 : this.lostWithout / this.packetsWithout;
  }

  /** Whether the raise has filled a queue. */
  get hasQueue(): boolean {
    return this.#reportsOfQueue >= (this.#isOpen ? HARM_REPORTS : LATER_HARM_REPORTS);
  }

  /** Whether it is not yet known what the raise has done. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Packets that were sent before the raise have been reported since: there was more loss then than it seemed. */
  refine(loss: number): void {
    if (this.#isOpen && loss > this.before.loss) this.before = { ...this.before, loss };
  }

  /**
   * Takes in a report of packets that were sent with the step.
   * @param recentLoss the average over the last 240 packets.
   */
  addWith(packets: number, lost: number, delayMs: Milliseconds, recentLoss: number, nowMs: Milliseconds): TrialVerdict {
    this.packets += packets;
    this.lost += lost;
    this.delayMs = delayMs;
    const grownMs = delayMs - this.before.delayMs;
    this.#reportsOfQueue = grownMs < HARM_DELAY_MS ? 0 : this.#reportsOfQueue + (this.#isOpen && grownMs >= 2 * HARM_DELAY_MS ? 2 : 1);
    if (this.hasQueue) return 'harm';
    if (this.#isOpen) return this.#judge(grownMs);
    this.recentLoss = recentLoss;
    const deviation = Math.sqrt((this.#passedLoss * this.before.spread) / (2 * RECENT_PACKETS));
    if (recentLoss > this.#passedLoss + HARM_SIGMAS * deviation + HARM_PACKETS / RECENT_PACKETS) this.#suspect(nowMs);
    return 'passed';
  }

  /** Compares the time since the raise with what was before. */
  #judge(grownMs: Milliseconds): TrialVerdict {
    const { before } = this;
    const expected = before.loss * this.packets;
    const sigma = this.packets * this.#deviation(before.loss, before.packets, this.lossWith, this.packets);
    const sigmas = this.lossWith >= MUCH_LOSS && this.packets >= MUCH_LOSS_PACKETS ? MUCH_LOSS_SIGMAS : HARM_SIGMAS;
    if (this.lost > expected + sigmas * sigma + HARM_PACKETS * before.spread) return 'harm';
    if (this.packets < TRIAL_PACKETS) return 'open';
    this.#isOpen = false;
    this.#passedLoss = this.recentLoss = this.lossWith;
    const isDoubtful = before.packets < KNOWN_PACKETS && this.lossWith >= DOUBTFUL_LOSS;
    this.isSuspect = isDoubtful || this.lost > expected + SUSPECT_SIGMAS * sigma || grownMs >= SUSPECT_DELAY_MS;
    this.wasCleared = !this.isSuspect;
    return 'passed';
  }

  /** A packet goes out with the step. @returns whether it was the pilot's last one: then the loop waits without the step. */
  countPilot(): boolean {
    return this.#pilotLeft > 0 && --this.#pilotLeft === 0;
  }

  /** A look without the step begins. */
  beginProbe(): void {
    this.#probeSent = 0;
    this.#isClear = false;
    this.#delayWithoutMs = Infinity;
  }

  /** A packet goes out during the look. @returns whether it was the last one. */
  countProbe(): boolean {
    this.#probeSent++;
    return this.#probeSent >= (this.#isClear ? PROBE_PACKETS : LONGEST_PROBE_PACKETS);
  }

  /** The look is over. */
  endProbe(nowMs: Milliseconds): void {
    if (this.isPiloting) {
      this.isPiloting = false;
      this.packetsWithout = this.lostWithout = 0;
      return;
    }
    this.probeMs = (nowMs + this.#probeWaitMs) | 0;
    this.#probeEndMs = nowMs;
    this.#probeWaitMs = Math.min(LONGEST_PROBE_WAIT_MS, this.#probeWaitMs * 2);
  }

  /** Takes in a report of packets that were sent during a look without the step. @returns whether it is better without. */
  addWithout(packets: number, lost: number, delayMs: Milliseconds): boolean {
    this.packetsWithout += packets;
    this.lostWithout += lost;
    this.#delayWithoutMs = Math.min(this.#delayWithoutMs, delayMs);
    if (this.isPiloting) {
      this.#isClear = true;
      return delayMs - this.before.delayMs >= HARM_DELAY_MS;
    }
    if (this.packetsWithout < LEAST_PROBE_PACKETS * this.before.spread) return false;
    if (this.delayMs - this.#delayWithoutMs >= HARM_DELAY_MS) return true;
    const packetsWith = Math.min(this.packets, 2 * RECENT_PACKETS);
    const sigma = this.#deviation(this.recentLoss, packetsWith, this.lossWithout, this.packetsWithout);
    const less = this.recentLoss - this.lossWithout;
    if (less > LESS_SIGMAS * sigma && this.recentLoss > LESS_TIMES * this.lossWithout) return true;
    this.#isClear = less < CLEARED_SIGMAS * sigma;
    if (this.#isClear && this.packetsWithout >= CLEARED_PACKETS) {
      this.isSuspect = false;
      this.wasCleared = true;
      this.#passedLoss = this.recentLoss;
    }
    return false;
  }

  /** By how much chance alone makes two shares of lost packets differ, if the line is the same: it takes both for one sample. */
  #deviation(lossA: number, packetsA: number, lossB: number, packetsB: number): number {
    const loss = (lossA * packetsA + lossB * packetsB) / (packetsA + packetsB);
    return Math.sqrt(loss * (1 - loss) * this.before.spread * (1 / Math.max(1, packetsA) + 1 / packetsB));
  }

  /** Something has changed since the trial: the next look need not wait. */
  #suspect(nowMs: Milliseconds): void {
    this.isSuspect = true;
    if ((nowMs - this.#probeEndMs) >>> 0 >= AGAIN_PROBE_MS) this.probeMs = nowMs;
  }
}
