import type { LossCounts } from '../receive-state.ts';
import type { TakenRefusals } from './session-refusals.ts';

/**
 * What a client is told of its session. What has come of its packets is counted since the session was opened here, and what was
 * refused since the report before.
 */
export interface SessionReport extends LossCounts, TakenRefusals {
  readonly sessionId: number;
  /** Payloads of lost packets that were recovered. It counts from 0 again if the client has started over. */
  readonly recovered: number;
}
