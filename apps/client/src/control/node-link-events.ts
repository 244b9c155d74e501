import type { ProbeResult, Report } from '@lightspeed/control';
import type { ClientError } from '../base/errors.ts';
import type { RegisteredSession } from './registered-session.ts';

/** What happens to a `NodeLink`. */
export interface NodeLinkEvents {
  /** The node has given a session: another one than before, unless it was resumed. */
  registered: [session: RegisteredSession, resumed: boolean];
  /** The node has said how it is. */
  info: [];
  /** A Ping was answered: the round trip and the clocks' difference are known. */
  measured: [];
  /** The node takes no new sessions, and stops in so many milliseconds. */
  draining: [ms: number];
  /** The control connection is gone; it is tried again after so many milliseconds. The session lives on for a while. */
  disconnected: [why: string, retryInMs: number];
  /** The node had to exchange its certificate, or was restarted; the connection and the session are back, and nothing was lost. */
  renewed: [];
  /** The node restarts, and keeps our session: it is worth waiting for. */
  restarts: [];
  /** The node has said how our packets fare, and what it refuses. */
  report: [report: Report];
  /** The node has measured what it was asked to, or refuses. */
  probed: [result: ProbeResult];
  /** The node wants tags on the packets of the session. */
  tags: [];
  /** The node will not take our ticket again: it is not asked any more. */
  dismissed: [error: ClientError];
  /** The node did not take the registration this time. */
  refused: [error: ClientError, retryInMs: number];
}
