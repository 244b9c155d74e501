import type { Milliseconds, SequenceNumber } from '@lightspeed/wire';
import { LossEstimate } from './loss-estimate.ts';
import { percent, stepAndCost, wordsOf } from './loop-reason.ts';
import { NO_STEP } from './protection-step.ts';
import type { ProtectionStep } from './protection-step.ts';
import { RaiseTrial } from './raise-trial.ts';
import { Regimes } from './regimes.ts';
import type { ReportedCounts } from './reported-counts.ts';
import type { SendingRate } from './sending-rate.ts';
import { LOSS_THRESHOLD, StepChoice } from './step-choice.ts';
import type { ChoiceLimits } from './step-choice.ts';
import { costOf, residualLoss } from './step-figures.ts';
import type { RoundTrip } from './step-figures.ts';

/** The first raise needs two runs of losses that are at most 48 packets apart. On a line that is known to lose, one is enough. */
const RUNS_TO_RAISE = 1.3;
const RUNS_TO_RAISE_AGAIN = 0.3;
/** A second repeat has to be worth it: the first one leaves so many times what may stay. */
const TOO_MUCH_LEFT = 1.5;
/** Protection is taken back after so much time in which less was enough; twice as much each time that was too early. */
const FIRST_RELEASE_MS = 5000;
const LONGEST_RELEASE_MS = 40_000;
/** A raise so soon after a release says that it was too early. */
const EARLY_RELEASE_MS = 20_000;
/** After a raise that did harm none is tried for so long; each time twice as long. A queue says more clearly that a line is full. */
const FIRST_HOLD_MS = 2000;
const HOLD_TIMES = 2;
const QUEUE_HOLD_TIMES = 4;
const LONGEST_HOLD_MS = 300_000;
/** If harm takes long to show twice in a row, it is so many times as long at least. Such raises cost many bytes. Less where bursts deceive. */
const LATE_HOLD_TIMES = 15;
/** A raise that did no harm for so long is none of those. */
const SETTLED_MS = 60_000;
/** Where a queue takes half of the deadline, packets come too late rather than not at all: no step is raised. Shorter queues are jitter. */
const MIN_QUEUE_MS = 10;
/** Where a raise has filled a queue, the next one waits until it has drained to so much. Else it begins on what is left of it. */
const DRAINED_QUEUE_MS = 5;
/** Each report counts for so much of the average delay. */
const DELAY_SHARE = 1 / 8;
/** The average loss is known of so many packets at most, see {@link LossEstimate}. */
const FAST_KNOWN = 40;
const SLOW_KNOWN = 240;

/** What happens when the step changes: its reason, as people read it. */
export type StepChange = (step: ProtectionStep, reason: string) => void;

/** Chooses the step by what reports say: raises it, takes a raise back that did harm, looks without it, releases it. */
export class AdaptiveSteps {
  readonly estimate = new LossEstimate();
  readonly #choice: StepChoice;
  readonly #longestQueueMs: Milliseconds;
  readonly #rate: SendingRate;
  readonly #change: StepChange;
  /** The step that was chosen; during a look without it another one is in force. */
  #step = NO_STEP;
  #trial: RaiseTrial | null = null;
  #isProbing = false;
  readonly #regimes = new Regimes();
  #holdMs = FIRST_HOLD_MS;
  #heldUntilMs: Milliseconds = 0;
  #isHeld = false;
  /** Whether the last raise that did harm took long to show it. */
  #wasLate = false;
  /** Whether the last raise that did harm has filled a queue. */
  #hasFilledQueue = false;
  #releaseMs = FIRST_RELEASE_MS;
  #lessSinceMs: Milliseconds = 0;
  #isLess = false;
  #releasedMs: Milliseconds = 0;
  #hasReleased = false;
  /** Average queueing delay: without a step on trial, and all in all. */
  #delayMs = -1;
  #queueMs = 0;

  constructor(limits: ChoiceLimits, rate: SendingRate, change: StepChange) {
    this.#choice = new StepChoice(limits);
    this.#longestQueueMs = Math.max(MIN_QUEUE_MS, limits.deadlineMs / 2);
    this.#rate = rate;
    this.#change = change;
  }

  /** A packet has gone out; the number of the next one is `next`. */
  sent(nowMs: Milliseconds, next: SequenceNumber): void {
    const trial = this.#trial;
    if (trial === null) return;
    if (!this.#isProbing) {
      if (trial.countPilot()) this.#beginProbe(trial, next, 'a few packets only, until they are reported');
    } else if (trial.countProbe()) this.#endProbe(nowMs, next);
  }

  /** Takes in what a report says, and decides. @param next the number of the next packet. */
  report(nowMs: Milliseconds, counts: ReportedCounts, delayMs: Milliseconds, roundTrip: RoundTrip, next: SequenceNumber): void {
    const regime = this.#regimes.of(counts);
    const isPast = regime?.trial !== null && regime?.trial !== this.#trial;
    if (regime === undefined || isPast) return;
    if (!regime.isProbe) this.estimate.add(counts.packets, counts.lost, counts.newRuns);
    this.#queueMs += (delayMs - this.#queueMs) * DELAY_SHARE;
    if (regime.trial === null) {
      this.#noteDelay(delayMs);
      this.#trial?.refine(Math.max(this.estimate.fast, this.estimate.slow));
    } else if (this.#noteTrial(regime.trial, regime.isProbe, counts, delayMs, nowMs, next)) return;
    this.#decide(nowMs, roundTrip, next);
    this.#probeIfDue(nowMs, next);
  }

  /** Begins anew, with no protection. */
  restart(): void {
    this.estimate.clear();
    this.#step = NO_STEP;
    this.#trial = null;
    this.#isProbing = this.#isHeld = this.#wasLate = this.#hasFilledQueue = this.#isLess = this.#hasReleased = false;
    this.#regimes.clear();
    this.#holdMs = FIRST_HOLD_MS;
    this.#releaseMs = FIRST_RELEASE_MS;
    this.#delayMs = -1;
    this.#queueMs = 0;
  }

  /** @returns whether the step was taken back. */
  #noteTrial(
    trial: RaiseTrial,
    isProbe: boolean,
    { packets, lost }: ReportedCounts,
    delayMs: Milliseconds,
    nowMs: Milliseconds,
    next: SequenceNumber,
  ): boolean {
    if (isProbe) {
      if (!trial.addWithout(packets, lost, delayMs)) return false;
      const loss = `loss ${percent(trial.recentLoss)} with ${wordsOf(this.#step)}, ${percent(trial.lossWithout)} without`;
      this.#undo(nowMs, next, trial.isPiloting ? delayInWords(delayMs, trial) : loss, trial.isPiloting);
      return true;
    }
    if (trial.addWith(packets, lost, delayMs, this.estimate.slow, nowMs) === 'harm') {
      const loss = `loss ${percent(trial.lossWith)}, before ${percent(trial.before.loss)}`;
      this.#undo(nowMs, next, trial.hasQueue ? delayInWords(delayMs, trial) : loss, trial.hasQueue);
      return true;
    }
    if (!trial.isOpen && this.#queueMs >= this.#longestQueueMs) {
      this.#undo(nowMs, next, `delay ${this.#queueMs.toFixed(0)} ms`, true);
      return true;
    }
    if (!trial.isOpen && !trial.isSuspect && (nowMs - trial.sinceMs) >>> 0 >= SETTLED_MS) {
      this.#holdMs = FIRST_HOLD_MS;
      this.#wasLate = false;
    }
    return false;
  }

  #decide(nowMs: Milliseconds, roundTrip: RoundTrip, next: SequenceNumber): void {
    const { estimate } = this;
    const loss = this.#isUnprotected ? Math.max(estimate.fast, estimate.slow) : estimate.slow;
    const best = this.#choice.best(loss, estimate, this.#rate, roundTrip);
    const isMore = this.#costOf(best) > this.#costOf(this.#step);
    if (best.name === this.#step.name) this.#isLess = false;
    else if (isMore) {
      this.#isLess = false;
      if (this.#mayRaise(nowMs, best)) this.#raise(nowMs, next, this.#isUnprotected ? this.#single(best, roundTrip) : best);
    } else if (!this.#isLess) {
      this.#isLess = true;
      this.#lessSinceMs = nowMs;
    } else if ((nowMs - this.#lessSinceMs) >>> 0 >= this.#releaseMs) this.#release(nowMs, next, best);
  }

  #mayRaise(nowMs: Milliseconds, best: ProtectionStep): boolean {
    if (this.#isHeld && ((nowMs - this.#heldUntilMs) | 0) < 0 && best.keptMs === 0) return false;
    const { estimate } = this;
    if (best.keptMs === 0 && this.#delayMs >= (this.#hasFilledQueue ? DRAINED_QUEUE_MS : this.#longestQueueMs)) return false;
    if (this.#isUnprotected) {
      return estimate.recentRuns >= (estimate.long > LOSS_THRESHOLD ? RUNS_TO_RAISE_AGAIN : RUNS_TO_RAISE);
    }
    const isTried = this.#trial === null || (!this.#trial.isOpen && !this.#trial.isSuspect);
    return isTried && residualLoss(this.#step, estimate.slow, estimate, this.#rate) > TOO_MUCH_LEFT * LOSS_THRESHOLD;
  }

  /** A first raise is of one repeat: what is known is of few losses. */
  #single(best: ProtectionStep, roundTrip: RoundTrip): ProtectionStep {
    if (best.repeats.length < 2) return best;
    const { estimate } = this;
    const single = this.#choice.best(Math.min(estimate.fast, estimate.slow, 0.05), estimate, this.#rate, roundTrip);
    return single.repeats.length === 1 ? single : best;
  }

  #raise(nowMs: Milliseconds, next: SequenceNumber, step: ProtectionStep): void {
    const { estimate } = this;
    const { fast, slow, spread } = estimate;
    // After a hold the line is known. Else losses have just begun, and what is known is of few packets.
    const isKnown = this.#isHeld && !estimate.isRising;
    const loss = isKnown ? slow : Math.max(fast, slow, 1 / FAST_KNOWN);
    const packets = Math.min(estimate.packets, isKnown ? SLOW_KNOWN : FAST_KNOWN);
    const before = { step: this.#step, loss, fast, slow, packets, spread, delayMs: Math.max(0, this.#delayMs) };
    this.#trial = step.keptMs > 0 ? null : new RaiseTrial(before, nowMs, this.#hasFilledQueue);
    if (this.#hasReleased && (nowMs - this.#releasedMs) >>> 0 < EARLY_RELEASE_MS) {
      this.#releaseMs = Math.min(LONGEST_RELEASE_MS, this.#releaseMs * 2);
    }
    this.#isHeld = false;
    this.#move(step, next, `loss ${percent(before.loss)}, runs ${estimate.meanRun.toFixed(1)}`);
  }

  #release(nowMs: Milliseconds, next: SequenceNumber, step: ProtectionStep): void {
    this.#trial = null;
    this.#isLess = false;
    this.#releasedMs = nowMs;
    this.#hasReleased = true;
    this.#move(step, next, `loss ${percent(this.estimate.slow)} for ${(this.#releaseMs / 1000).toFixed(0)} s`);
  }

  /** Takes a raise back, and tries none for a while. */
  #undo(nowMs: Milliseconds, next: SequenceNumber, found: string, isQueue: boolean): void {
    const trial = this.#trial;
    const { step, fast, slow } = trial?.before ?? { step: NO_STEP, fast: 0, slow: 0 };
    const lastedMs = trial === null ? 0 : (nowMs - trial.sinceMs) >>> 0;
    const isLate = trial !== null && !trial.isOpen && (!trial.wasCleared || lastedMs < SETTLED_MS);
    const leastMs = isLate && this.#wasLate ? (lastedMs * LATE_HOLD_TIMES) / trial.before.spread : 0;
    const holdMs = Math.min(LONGEST_HOLD_MS, Math.max(this.#holdMs, leastMs));
    this.#wasLate = isLate;
    this.#trial = null;
    this.estimate.fast = fast;
    this.estimate.slow = slow;
    this.#isLess = false;
    this.#isHeld = true;
    this.#hasFilledQueue = isQueue;
    this.#queueMs = 0;
    this.#heldUntilMs = (nowMs + holdMs) | 0;
    this.#holdMs = Math.min(LONGEST_HOLD_MS, holdMs * (isQueue ? QUEUE_HOLD_TIMES : HOLD_TIMES));
    this.#move(step, next, `${found}; none more for ${(holdMs / 1000).toFixed(0)} s`);
  }

  #move(step: ProtectionStep, next: SequenceNumber, reason: string): void {
    this.#step = step;
    this.#isProbing = false;
    this.#regimes.enter(next, this.#trial, false);
    this.#change(step, `${reason}: ${stepAndCost(step, this.#costOf(step))}`);
  }

  #probeIfDue(nowMs: Milliseconds, next: SequenceNumber): void {
    const trial = this.#trial;
    if (trial === null || this.#isProbing || !trial.isSuspect || ((nowMs - trial.probeMs) | 0) < 0) return;
    this.#beginProbe(trial, next, `loss ${percent(trial.lossWith)}, before ${percent(trial.before.loss)}, a look at it`);
  }

  #beginProbe(trial: RaiseTrial, next: SequenceNumber, reason: string): void {
    const { step } = trial.before;
    trial.beginProbe();
    this.#isProbing = true;
    this.#regimes.enter(next, trial, true);
    this.#change(step, `${reason}: ${wordsOf(step)}`);
  }

  #endProbe(nowMs: Milliseconds, next: SequenceNumber): void {
    this.#isProbing = false;
    this.#trial?.endProbe(nowMs);
    this.#regimes.enter(next, this.#trial, false);
    this.#change(this.#step, `done looking: ${stepAndCost(this.#step, this.#costOf(this.#step))}`);
  }

  #noteDelay(delayMs: Milliseconds): void {
    this.#delayMs = this.#delayMs < 0 ? delayMs : this.#delayMs + (delayMs - this.#delayMs) * DELAY_SHARE;
  }

  get #isUnprotected(): boolean {
    return this.#step.repeats.length === 0 && this.#step.xorPackets === 0;
  }

  #costOf(step: ProtectionStep): number {
    return costOf(step, Math.max(LOSS_THRESHOLD, this.estimate.slow), this.#rate);
  }
}

function delayInWords(delayMs: Milliseconds, { before }: RaiseTrial): string {
  return `delay ${delayMs.toString()} ms, before ${before.delayMs.toFixed(0)} ms`;
}
