/**
 * Application error codes of CONNECTION_CLOSE (RFC 9000, section 19.19). 0x4c00 and up are this project's; the low byte of
 * the first five is the Disconnect reason of dialect `standard`. Below 0x200 are QUIC's own codes and TLS alerts.
 */
export const CloseCode = {
  /** Done. Also what other implementations send when they mean nothing in particular. */
  normal: 0,
  timeout: 0x4c01,
  authFailed: 0x4c02,
  /** Too many connections, streams, or bytes. */
  rateLimited: 0x4c03,
  serverShutdown: 0x4c04,
  /** Too many messages were refused. */
  protocol: 0x4c40,
  /** Connect again: the node has a new certificate. */
  certificateReplaced: 0x4c41,
  /** The certificate is not the one that was expected. */
  certificateRefused: 0x4c42,
  /** The peer does not read what it is sent. */
  notReading: 0x4c43,
  /** Connect again: the node restarts, and keeps its sessions. */
  nodeRestarts: 0x4c44,
} as const;

/** Application error codes of RESET_STREAM and STOP_SENDING. */
export const StreamCode = {
  /** Nobody is interested any more. */
  cancelled: 0x4c00,
  /** A message was refused, see `RefusalCode`. */
  refused: 0x4c50,
  /** More bytes are unread, or more streams open, than the limits allow. */
  overflow: 0x4c51,
  /** Control messages travel on bidirectional streams only. */
  unidirectional: 0x4c52,
} as const;

/** QUIC's own (RFC 9000, section 20.1). */
const INTERNAL_ERROR = 0x1;
const TLS_ALERT = 0x100;
const NO_APPLICATION_PROTOCOL = TLS_ALERT + 120;
/** bad_certificate .. certificate_unknown, unknown_ca. */
const CERTIFICATE_ALERTS: readonly number[] = [42, 43, 44, 45, 46, 48].map((alert) => TLS_ALERT + alert);

/** What TLS alerts say (RFC 8446, section 6.2), those that people meet. */
const ALERT_WORDS: Readonly<Record<number, string>> = {
  40: 'the handshake failed',
  42: 'a bad certificate',
  43: 'a certificate of a kind that is not supported',
  44: 'a revoked certificate',
  45: 'an expired certificate',
  46: 'a certificate that cannot be used',
  48: 'no authority that is trusted here vouches for it',
  80: 'an internal error of the other end',
  112: 'it has another name',
  120: 'no application protocol that both have',
};

/** The other end has no protocol of ours. */
export function isAlpnRefusal(code: number): boolean {
  return code === NO_APPLICATION_PROTOCOL;
}

/** A certificate was not accepted. */
export function isCertificateRefusal(code: number): boolean {
  return CERTIFICATE_ALERTS.includes(code);
}

/** `0x4c03 (rateLimited)`, or a TLS alert in words; for messages and logs. */
export function describeCloseCode(code: number): string {
  const hex = `0x${code.toString(16)}`;
  const name = Object.entries(CloseCode).find(([, value]) => value === code)?.[0];
  if (name !== undefined) return `${hex} (${name})`;
  if (code >= TLS_ALERT && code < TLS_ALERT + 256) return ALERT_WORDS[code - TLS_ALERT] ?? `TLS alert ${code - TLS_ALERT}`;
  return code === INTERNAL_ERROR ? 'an internal error' : hex;
}
