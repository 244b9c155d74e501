import type { Milliseconds } from '@lightspeed/wire';
import type { LossEstimate } from './loss-estimate.ts';
import { NO_STEP, ProtectionForm, repeatSteps, requestStep, xorStep } from './protection-step.ts';
import type { GameHints, ProtectionStep } from './protection-step.ts';
import type { SendingRate } from './sending-rate.ts';
import { canRequest, costOf, residualLoss } from './step-figures.ts';
import type { RoundTrip } from './step-figures.ts';

/** So much loss may stay: what players do not notice. */
export const LOSS_THRESHOLD = 0.003;
/** A step that is dearer than another one and does not reach the threshold has to leave so much less. */
const WORTHWHILE = 0.95;
/** Games that use late datagrams put up with so many times more loss, if requests are enough for it. */
const REQUESTS_FIRST = 3;
/** Games that repeat everything themselves need nothing below so much loss. */
const REDUNDANT_LOSS = 0.1;
/** XOR that rides is for games with at least this many milliseconds between packets. */
const XOR_INTERVAL_MS = 10;
const XOR_PACKETS = [3, 2];
/** In bits per byte and milliseconds: bytes a millisecond are 8 kilobits a second. */
const KBPS = 8;

/** What bounds the choice. */
export interface ChoiceLimits {
  readonly deadlineMs: Milliseconds;
  readonly budgetPercent: number;
  readonly budgetKbps: number;
  /** Bits of {@link ProtectionForm}. */
  readonly forms: number;
  readonly hints: GameHints;
}

/** Finds the cheapest step that leaves little enough loss, or else the one that leaves least, within the budget. */
export class StepChoice {
  readonly #limits: ChoiceLimits;
  readonly #repeats: readonly ProtectionStep[];
  readonly #request: ProtectionStep;
  readonly #xors: readonly ProtectionStep[];

  constructor(limits: ChoiceLimits) {
    const { early, late, both } = repeatSteps(limits);
    this.#limits = limits;
    this.#repeats = [early, late, both];
    this.#request = requestStep(limits);
    this.#xors = XOR_PACKETS.map(xorStep);
  }

  /**
   * @param loss the loss on the way to reckon with, 0 to 1.
   * @param estimate what is known of bursts.
   */
  best(loss: number, estimate: LossEstimate, rate: SendingRate, roundTrip: RoundTrip): ProtectionStep {
    const { hints } = this.#limits;
    if (loss <= LOSS_THRESHOLD || rate.isDownload || (hints.isRedundant === true && loss < REDUNDANT_LOSS)) return NO_STEP;
    let best = NO_STEP;
    let least = loss;
    for (const step of this.#affordable(loss, estimate, rate, roundTrip)) {
      const residual = residualLoss(step, loss, estimate, rate);
      const mayStay = LOSS_THRESHOLD * (step.keptMs > 0 && hints.usesLate === true ? REQUESTS_FIRST : 1);
      if (residual <= mayStay) return step;
      if (residual >= least * WORTHWHILE) continue;
      best = step;
      least = residual;
    }
    return best;
  }

  /** The steps that are allowed, the cheapest first. */
  #affordable(loss: number, estimate: LossEstimate, rate: SendingRate, roundTrip: RoundTrip): ProtectionStep[] {
    const { deadlineMs, forms, hints, budgetPercent, budgetKbps } = this.#limits;
    const budget = Math.min(budgetPercent / 100, budgetKbps / KBPS / (rate.ownBytes * rate.payloadsPerMs));
    const isAffordable = (step: ProtectionStep) => costOf(step, loss, rate) <= budget;
    const isLateUseful = hints.usesLate !== false || (estimate.isBursty && estimate.meanRun * rate.packetMs > rate.intervalMs);
    const steps: ProtectionStep[] = [];
    if ((forms & ProtectionForm.request) !== 0 && canRequest(deadlineMs, roundTrip, rate.intervalMs)) steps.push(this.#request);
    if ((forms & ProtectionForm.repeat) !== 0) steps.push(...this.#repeats.filter(({ name }) => name === 'early' || isLateUseful));
    const affordable = steps.filter(isAffordable);
    const canXor = (forms & ProtectionForm.xor) !== 0 && rate.intervalMs > 0 && rate.intervalMs <= XOR_INTERVAL_MS;
    if (canXor && !affordable.some(({ name }) => name === 'early')) affordable.push(...this.#xors.filter(isAffordable));
    return affordable.sort((a, b) => costOf(a, loss, rate) - costOf(b, loss, rate));
  }
}
