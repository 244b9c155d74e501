import type { NodeConfig } from '../config/node-config.ts';
import type { LimitedLines } from '../base/limited-log.ts';
import type { RegisterRefusal } from './client.ts';
import { SHUTDOWN_TEXT } from './messages.ts';

/** The node's operator has not said who may register. */
const CLOSED: RegisterRefusal = {
  type: 'refused',
  reason: 'auth_failed',
  code: 'closed',
  text: 'nobody may register with this node; its operator can change that',
};

/** The node drains. */
const SHUTTING_DOWN: RegisterRefusal = {
  type: 'refused',
  reason: 'server_shutdown',
  code: 'draining',
  text: SHUTDOWN_TEXT,
};

/** Why nobody is let in now, if so. */
export function refusalOfAll(isDraining: boolean, registration: NodeConfig['registration']): RegisterRefusal | undefined {
  if (isDraining) return SHUTTING_DOWN;
  return registration === 'nobody' ? CLOSED : undefined;
}

/** How refusals are written down. */
export const REFUSAL_LINES: LimitedLines = { level: 'info', one: 'a client was refused', more: 'more clients were refused' };
