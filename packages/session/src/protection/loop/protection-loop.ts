import { nextSequence } from '@lightspeed/wire';
import type { ByteLength, Milliseconds, SequenceNumber } from '@lightspeed/wire';
import { AdaptiveSteps } from './adaptive-steps.ts';
import { NO_STEP, ProtectionForm, repeatStep, requestStep, xorStep } from './protection-step.ts';
import type { ProtectionStep } from './protection-step.ts';
import { ReportKind, ReportedCounts } from './reported-counts.ts';
import { SendingRate } from './sending-rate.ts';
import type { ChoiceLimits } from './step-choice.ts';

/** So long a sender goes on without a report: its peer may have become one that knows no protection. */
const SILENT_MS = 3000;

/** Who decides: the loop, or the player, and then what is in force while reports come. */
export type LoopMode =
  | { readonly kind: 'auto' }
  | { readonly kind: 'off' }
  | { readonly kind: 'request' }
  | { readonly kind: 'repeat'; readonly agesMs: readonly Milliseconds[] }
  | { readonly kind: 'xor'; readonly packets: number };

/** What a loop is made with: what the ends have agreed on, and what is known of the game. */
export interface LoopOptions extends ChoiceLimits {
  readonly mode: LoopMode;
}

/** A change of the step. */
export interface LoopEvent {
  readonly nowMs: Milliseconds;
  readonly step: ProtectionStep;
  /** Why, as people read it: `loss 4.8 %, runs 1.1: early repeats; +74 %`. */
  readonly reason: string;
}

/** Where a loop's events go. */
export interface LoopOutput {
  /** The step has changed. It is in force for the next packet. */
  stepChanged(event: LoopEvent): void;
}

/**
 * Decides how one end protects what it sends in one session. It learns of every packet that goes out, and of its peer's
 * reports. {@link ProtectionLoop.step} says what to do with the next packet.
 *
 * ```
 *              reports ──▶ ReportedCounts ──▶ LossEstimate ──▶ StepChoice ──▶ step
 *                                     └─────▶ RaiseTrial: did the last raise do harm? ──▶ back, and hold
 * ```
 *
 * Without reports there is no protection, or else a peer that was rolled back would drop protected packets whole. A fixed mode does
 * without them only if the ends have not agreed on reports.
 */
export class ProtectionLoop {
  /** What is in force. */
  step: ProtectionStep = NO_STEP;
  readonly #options: LoopOptions;
  readonly #output: LoopOutput;
  readonly #rate = new SendingRate();
  readonly #counts = new ReportedCounts();
  readonly #adaptive: AdaptiveSteps;
  /** What is in force while reports come. */
  #wanted: ProtectionStep;
  #isSilent = false;
  #nowMs: Milliseconds = 0;
  /** The number of the last packet. */
  #sequence: SequenceNumber = 0;
  #roundTrip = { rttMs: 0, jitterMs: 0 };

  constructor(options: LoopOptions, output: LoopOutput) {
    this.#options = options;
    this.#output = output;
    this.#adaptive = new AdaptiveSteps(options, this.#rate, (step, reason) => this.#want(step, reason));
    this.#wanted = this.step = fixedStep(options);
  }

  /** Whether reports are agreed on: then this end tells its peer how packets arrive. */
  get hasReports(): boolean {
    return (this.#options.forms & ProtectionForm.report) !== 0;
  }

  /** Loss on the way over the last 240 packets, 0 to 1. */
  get loss(): number {
    return this.#adaptive.estimate.slow;
  }

  /** Mean length of a run of losses, in packets. */
  get meanRun(): number {
    return this.#adaptive.estimate.meanRun;
  }

  /**
   * A packet of the data plane has gone out. Allocates nothing.
   * @param sequence its number.
   * @param payloadBytes the game's own bytes; 0 for a packet that carries only redundancy.
   * @param wireBytes bytes of the IP packet, `redundantBytes` those among them that are there for protection.
   */
  sent(nowMs: Milliseconds, sequence: SequenceNumber, payloadBytes: ByteLength, wireBytes: ByteLength, redundantBytes: ByteLength): void {
    this.#nowMs = nowMs;
    this.#sequence = sequence;
    this.#rate.note(nowMs, payloadBytes, wireBytes, redundantBytes);
    this.#adaptive.sent(nowMs, nextSequence(sequence));
    if (this.#rate.sendingMs >= SILENT_MS && this.hasReports && !this.#isSilent) this.#fallSilent();
  }

  /**
   * A report of the peer has come, see `ArrivalJudge` for its values.
   * @param delayMs 0 to 255.
   * @returns false if it cannot be true, and was ignored.
   */
  report(nowMs: Milliseconds, highest: SequenceNumber, received: number, runs: number, delayMs: Milliseconds, epoch: number): boolean {
    this.#nowMs = nowMs;
    const kind = this.#counts.take(highest, received, runs, epoch, this.#sequence, this.#rate.packets);
    if (kind === ReportKind.bad) return false;
    this.#rate.restartSilence();
    if (this.#isSilent) this.#resume();
    this.#rate.fold();
    if (kind === ReportKind.news) this.#adaptive.report(nowMs, this.#counts, delayMs, this.#roundTrip, nextSequence(this.#sequence));
    return true;
  }

  /** A round trip was measured: its smoothed time, and its mean deviation. */
  roundTrip(rttMs: Milliseconds, jitterMs: Milliseconds): void {
    this.#roundTrip.rttMs = rttMs;
    this.#roundTrip.jitterMs = jitterMs;
  }

  /** The way to the peer is another one: what is known of the line does not hold. */
  pathsChanged(nowMs: Milliseconds): void {
    this.#nowMs = nowMs;
    this.#counts.forget();
    this.#adaptive.restart();
    if (this.#options.mode.kind === 'auto' && this.#wanted !== NO_STEP)
      this.#want(NO_STEP, 'another path: no protection until its loss is known');
  }

  #want(step: ProtectionStep, reason: string): void {
    if (this.#options.mode.kind !== 'auto') return;
    this.#wanted = step;
    if (!this.#isSilent) this.#apply(step, reason);
  }

  #apply(step: ProtectionStep, reason: string): void {
    this.step = step;
    this.#output.stepChanged({ nowMs: this.#nowMs, step, reason });
  }

  #fallSilent(): void {
    this.#isSilent = true;
    this.#counts.forget();
    this.#rate.fold();
    this.#adaptive.restart();
    if (this.#options.mode.kind === 'auto') this.#wanted = NO_STEP;
    if (this.step !== NO_STEP) this.#apply(NO_STEP, 'no report for 3 s: no protection');
  }

  #resume(): void {
    this.#isSilent = false;
    if (this.#wanted !== this.step) this.#apply(this.#wanted, 'reports come again');
  }
}

/** What is in force from the start, as far as the ends have agreed on it. */
function fixedStep({ mode, forms, deadlineMs, hints }: LoopOptions): ProtectionStep {
  if (mode.kind === 'repeat' && (forms & ProtectionForm.repeat) !== 0) return repeatStep('repeat', mode.agesMs, { deadlineMs, hints });
  if (mode.kind === 'request' && (forms & ProtectionForm.request) !== 0) return requestStep({ deadlineMs, hints });
  if (mode.kind === 'xor' && (forms & ProtectionForm.xor) !== 0) return xorStep(mode.packets);
  return NO_STEP;
}
