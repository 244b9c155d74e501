import type { Milliseconds } from '@lightspeed/wire';

/** Longest UDP payload that repeats make of a packet. */
export const MAX_CARRIER_BYTES = 1_200;

/** When payloads are repeated. All ages are milliseconds since the payload went out. */
export interface RepeatPlan {
  /** The ages at which a payload is repeated, rising. None: payloads are only remembered, if at all. */
  readonly repeats: readonly RepeatTarget[];
  /** How long payloads are kept for whoever asks for them; 0 if nobody may. */
  readonly keptMs: Milliseconds;
  /** The XOR of so many payloads of a flow rides on the packet behind them, and each payload is in one; 0 for none. */
  readonly xorPackets: number;
}

/** One repeat of each payload. */
export interface RepeatTarget {
  /** It rides on the flow's first packet that leaves at this age or later. */
  readonly ageMs: Milliseconds;
  /** If none leaves so many milliseconds later, it goes alone. It goes alone at once where none is to be expected until then. */
  readonly slackMs: Milliseconds;
}

/** Nothing is repeated, nothing kept. */
export const NO_REPEATS: RepeatPlan = { repeats: [], keptMs: 0, xorPackets: 0 };
