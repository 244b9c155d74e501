import { NO_REPEATS } from '../repeats/repeat-plan.ts';
import type { RepeatPlan } from '../repeats/repeat-plan.ts';
import type { Milliseconds } from '@lightspeed/wire';

/** The forms of protection that two ends can agree on, one bit each (docs/protocol.md, Blocks). */
export const ProtectionForm = { repeat: 1, xor: 2, request: 4, report: 8 } as const;

/** What a sender is told to do, by name. */
export const STEP_NAMES = ['none', 'request', 'xor', 'early', 'late', 'both', 'repeat'] as const;
/** One of {@link STEP_NAMES}. */
export type StepName = (typeof STEP_NAMES)[number];

/** How a sender protects its packets, as plain data that it follows packet by packet. */
export interface ProtectionStep extends RepeatPlan {
  readonly name: StepName;
}

/** What is known of the game, from its profile or from its player. */
export interface GameHints {
  /** Whether the game uses datagrams that come behind later ones. `undefined` if that is not known. */
  readonly usesLate?: boolean;
  /** It says everything several times by itself. So small losses do not matter. */
  readonly isRedundant?: boolean;
  /** It shows the past, between two states. So repeats may wait for a packet to ride on. */
  readonly isInterpolating?: boolean;
}

/** Nothing is added: every packet is plain. */
export const NO_STEP: ProtectionStep = { ...NO_REPEATS, name: 'none' };

/** A repeat for single losses is so old at least: most bursts of packets that one interface drops are shorter. */
const EARLY_AGE_MS = 5;
/** So long it waits for a packet to ride on. Games with 44 packets a second or more have one by then. */
const RIDE_SLACK_MS = 18;
/** A repeat against bursts leaves so long before the deadline, and goes alone so long before it. The rest is for jitter. */
const LATE_MARGIN_MS = 7;
const ALONE_MARGIN_MS = 4;

/** What the steps of a session's one direction are made of. */
export interface StepChoices {
  readonly deadlineMs: Milliseconds;
  readonly hints: GameHints;
}

/** One repeat at each of the ages. */
export function repeatStep(name: StepName, agesMs: readonly Milliseconds[], { deadlineMs, hints }: StepChoices): ProtectionStep {
  const longestMs = hints.isInterpolating === true ? deadlineMs : RIDE_SLACK_MS;
  const repeats = agesMs.map((ageMs) => ({ ageMs, slackMs: Math.max(0, Math.min(longestMs, deadlineMs - ALONE_MARGIN_MS - ageMs)) }));
  return { ...NO_STEP, name, repeats };
}

/** Payloads are sent again to whoever asks. */
export function requestStep({ deadlineMs }: StepChoices): ProtectionStep {
  return { ...NO_STEP, name: 'request', keptMs: deadlineMs };
}

/** The XOR of `xorPackets` packets rides on the next one; each packet is in one. */
export function xorStep(xorPackets: number): ProtectionStep {
  return { ...NO_STEP, name: 'xor', xorPackets };
}

/** The steps among which a loop chooses, but for that on request and that of XOR. */
export function repeatSteps(choices: StepChoices): Readonly<Record<'early' | 'late' | 'both', ProtectionStep>> {
  const lateMs = choices.deadlineMs - LATE_MARGIN_MS;
  const earlyMs = Math.min(EARLY_AGE_MS, lateMs);
  return {
    early: repeatStep('early', [earlyMs], choices),
    late: repeatStep('late', [lateMs], choices),
    both: repeatStep('both', earlyMs < lateMs ? [earlyMs, lateMs] : [earlyMs], choices),
  };
}
