import type { Logger } from 'pino';
import type { NodeConfig } from '../config/node-config.ts';
import { LimitedLog } from '../base/limited-log.ts';
import type { LimitedLines } from '../base/limited-log.ts';
import type { RegisterRefusal } from './client.ts';
import type { ControlCounters } from './control-counters.ts';
import { SHUTDOWN_TEXT } from './messages.ts';
import { tellOfRival } from './rivals.ts';

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

const REFUSAL_LINES: LimitedLines = { level: 'info', one: 'a client was refused', more: 'more clients were refused' };

/** Counts refusals and writes them down. */
export class Refusals {
  readonly #config: () => NodeConfig;
  readonly #counters: ControlCounters;
  readonly #log: LimitedLog;

  constructor(config: () => NodeConfig, counters: ControlCounters, log: Logger) {
    this.#config = config;
    this.#counters = counters;
    this.#log = new LimitedLog(log, REFUSAL_LINES);
  }

  /** @returns the refusal as the client is told it. */
  note(host: string, refusal: RegisterRefusal): RegisterRefusal {
    const told = tellOfRival(refusal, this.#config());
    this.#counters.refuse(told.code);
    this.#log.note(host, { why: told.text });
    return told;
  }

  /** Writes down what was not written yet. */
  end(): void {
    this.#log.end();
  }
}
