import type { ClientAddress } from './client-address.ts';
import type { RelaySession } from './relay-session.ts';

/** A path that has been silent for so long is not sent to, unless it is the only one: four keepalives were missed. */
const SILENT_AFTER_MS = 20_000;

/** One address from which a session's client sends, and to which it is answered. Its handles are retained while it lives. */
export class RelayPath implements ClientAddress {
  readonly session: RelaySession;
  /** The client's number for it, 0 to 3. */
  readonly number: number;
  readonly ip: number;
  readonly port: number;
  local: number;
  /** The last packet with the session's token that came by it. */
  lastHeardMs: number;
  nextOfSession: RelayPath | null = null;

  constructor(session: RelaySession, number: number, { ip, port, local }: ClientAddress, nowMs: number) {
    this.session = session;
    this.number = number;
    this.ip = ip;
    this.port = port;
    this.local = local;
    this.lastHeardMs = nowMs;
  }

  /** Whether the client may still be there. */
  isAlive(nowMs: number): boolean {
    return ((nowMs - this.lastHeardMs) | 0) < SILENT_AFTER_MS;
  }
}
