import type { LimitedLines } from '../base/limited-log.ts';
import type { RegisterRefusal } from './client.ts';
import { SHUTDOWN_TEXT } from './messages.ts';

/** The node's operator has not said who may register. */
export const CLOSED: RegisterRefusal = {
  type: 'refused',
  reason: 'auth_failed',
  code: 'closed',
  text: 'nobody may register with this node; its operator can change that',
};

/** The node drains. */
export const SHUTTING_DOWN: RegisterRefusal = {
  type: 'refused',
  reason: 'server_shutdown',
  code: 'draining',
  text: SHUTDOWN_TEXT,
};

/** How refusals are written down. */
export const REFUSAL_LINES: LimitedLines = { level: 'info', one: 'a client was refused', more: 'more clients were refused' };

/** How bans of registered clients are written down. */
export const BAN_LINES: LimitedLines = {
  level: 'warn',
  one: 'a registered client was banned',
  more: 'more registered clients were banned',
};
