import { CloseCode } from './codes.ts';

/** Counted since the listener was started. */
export interface ListenerCounters {
  readonly accepted: number;
  readonly refusedOverMax: number;
  readonly refusedOverMaxPerAddress: number;
  /** Peers whose handshake was refused because they named no application protocol (ALPN), or none that is spoken here. */
  readonly refusedOverAlpn: number;
  /** Handshakes that ended otherwise: peers that refused the certificate, fell silent, or spoke nonsense. */
  readonly failedHandshakes: number;
  /** Messages that were refused, and streams that were reset by a limit. */
  readonly refusals: number;
  /** Connections that this end closed with `CloseCode.rateLimited`: they sent too much. */
  readonly closedRateLimited: number;
  /** With `CloseCode.protocol`: too much of what they sent was refused. */
  readonly closedProtocol: number;
  /** With `CloseCode.notReading`. */
  readonly closedNotReading: number;
}

/** The counters of a listener that has just started. */
export const NOTHING_YET: ListenerCounters = {
  accepted: 0,
  refusedOverMax: 0,
  refusedOverMaxPerAddress: 0,
  refusedOverAlpn: 0,
  failedHandshakes: 0,
  refusals: 0,
  closedRateLimited: 0,
  closedProtocol: 0,
  closedNotReading: 0,
};

/** Where a connection that this end has closed is counted. */
export const COUNTED_CLOSES: ReadonlyMap<number, 'closedRateLimited' | 'closedProtocol' | 'closedNotReading'> = new Map([
  [CloseCode.rateLimited, 'closedRateLimited'],
  [CloseCode.protocol, 'closedProtocol'],
  [CloseCode.notReading, 'closedNotReading'],
]);
