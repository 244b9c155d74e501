import { ProtectionForm } from '../loop/protection-step.ts';

/** Shortest deadline, in milliseconds. */
export const MIN_DEADLINE_MS = 10;
/** Longest deadline. */
export const MAX_DEADLINE_MS = 100;
/** Largest share of the payloads' bytes, in percent, that redundancy may take. */
export const MAX_BUDGET_PERCENT = 255;

/** What the ends of a session say of protection, and agree on (docs/protocol.md, Blocks). */
export interface ProtectionTerms {
  /** Bits of `ProtectionForm`: what an end understands, or what both do. */
  readonly forms: number;
  /** A payload that comes so many milliseconds late is of no use any more. */
  readonly deadlineMs: number;
  /** Redundancy may take so many percent of the payloads' bytes. */
  readonly budgetPercent: number;
  /** Which of a node's settings hold for the client, see `RelayOptions.protections`, 0 to 127; 0 by default. Peers do not see it. */
  readonly profile?: number | undefined;
}

/** All forms. */
export const ALL_FORMS = ProtectionForm.repeat | ProtectionForm.xor | ProtectionForm.request | ProtectionForm.report;

/** `4C 53 52 50 01`: what a HANDSHAKE's payload begins with that is about protection, version 1. */
const MAGIC = 0x4c_5352_5001n;

/**
 * What an end makes of its peer's terms: the forms of both, and the lower deadline and budget.
 * @returns undefined if nothing is left that makes sense.
 */
export function agreeOn(own: ProtectionTerms | undefined, theirs: ProtectionTerms | undefined): ProtectionTerms | undefined {
  if (own === undefined || theirs === undefined) return undefined;
  const terms = {
    forms: own.forms & theirs.forms,
    deadlineMs: Math.min(own.deadlineMs, theirs.deadlineMs),
    budgetPercent: Math.min(own.budgetPercent, theirs.budgetPercent),
    profile: own.profile,
  };
  return areSound(terms) ? terms : undefined;
}

/** Whether these are terms at all: a deadline in range, and a form besides reports. */
function areSound({ forms, deadlineMs }: ProtectionTerms): boolean {
  return (forms & ~ProtectionForm.report & ALL_FORMS) !== 0 && deadlineMs >= MIN_DEADLINE_MS && deadlineMs <= MAX_DEADLINE_MS;
}

/** Terms as a number: for records. 0 stands for none. */
export function packTerms(terms: ProtectionTerms | undefined): number {
  return terms === undefined ? 0 : ((terms.profile ?? 0) << 24) | (terms.forms << 16) | (terms.deadlineMs << 8) | terms.budgetPercent;
}

/** What {@link packTerms} made a number of. */
export function unpackTerms(packed: number): ProtectionTerms | undefined {
  if (packed === 0) return undefined;
  return { profile: packed >>> 24, forms: (packed >>> 16) & 0xff, deadlineMs: (packed >>> 8) & 0xff, budgetPercent: packed & 0xff };
}

/** Terms as the 8 bytes behind the header of a HANDSHAKE, a big-endian u64. */
export function termsInHandshake(terms: ProtectionTerms): bigint {
  return (MAGIC << 24n) | BigInt(packTerms({ ...terms, profile: 0 }));
}

/** Whether the 8 bytes behind the header of a HANDSHAKE say something of protection, sensible or not. */
export function isAboutProtection(payload: bigint): boolean {
  return payload >> 24n === MAGIC;
}

/** The terms in the 8 bytes behind the header of a HANDSHAKE; undefined if they are something else, or no terms that make sense. */
export function termsOfHandshake(payload: bigint): ProtectionTerms | undefined {
  if (!isAboutProtection(payload)) return undefined;
  const terms = unpackTerms(Number(payload & 0xff_ffffn));
  return terms !== undefined && areSound(terms) ? terms : undefined;
}
