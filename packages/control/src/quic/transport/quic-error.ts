import { wholeNumberFault } from '@lightspeed/wire';

/** What went wrong on the way to, or on, a control connection; stable, for programs. */
export type QuicErrorCode =
  /** An option is outside what is allowed: a fault of the calling program or its configuration. */
  | 'ERR_QUIC_OPTION'
  /** There is no QUIC for this platform, or not in the form that was asked for. */
  | 'ERR_QUIC_UNAVAILABLE'
  /** The address cannot be bound, or the certificate and key cannot be used. */
  | 'ERR_QUIC_LISTEN'
  /** The node's name cannot be resolved. */
  | 'ERR_QUIC_RESOLVE'
  /** Nobody answered in time, or the handshake did not end. */
  | 'ERR_QUIC_CONNECT_TIMEOUT'
  /** The node, or its limits, ended the handshake, or the connection right after it. */
  | 'ERR_QUIC_CONNECT_REFUSED'
  /** Both ends speak QUIC, but not the same protocol (ALPN). */
  | 'ERR_QUIC_ALPN'
  /** The node's certificate does not lead to the authority that was named, or carries another name. */
  | 'ERR_QUIC_CERTIFICATE_REFUSED'
  /** The node's public key is not the pinned one. */
  | 'ERR_QUIC_PIN_MISMATCH'
  /** The node's public key is not the one remembered from the first use. */
  | 'ERR_QUIC_PIN_CHANGED'
  /** The node did not send what its certificate can be read from, so a pin cannot be checked. */
  | 'ERR_QUIC_PIN_UNSEEN'
  /** The connection is closed. */
  | 'ERR_QUIC_CLOSED'
  /** The peer does not allow another stream now. */
  | 'ERR_QUIC_STREAM_LIMIT'
  /** The peer, or a limit of ours, reset the stream. */
  | 'ERR_QUIC_STREAM_RESET'
  /** More bytes wait to be sent than the limit allows: the peer does not read. */
  | 'ERR_QUIC_PEER_NOT_READING'
  /** A certificate or key file is missing its counterpart, unreadable, or does not fit. */
  | 'ERR_QUIC_IDENTITY';

/** An error of the transport. Messages of a peer that cannot be read never cause one: they are a `Refusal`. */
export class QuicError extends Error {
  override readonly name = 'QuicError';
  readonly code: QuicErrorCode;

  constructor(code: QuicErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Something that was thrown, as text for a message of ours: of an error of a file its words, without code, call and path. */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return 'syscall' in thrown ? thrown.message.replace(/^E[A-Z0-9]+: ([^,]+), .*$/, '$1') : thrown.message;
}

/** @throws {QuicError} `ERR_QUIC_OPTION` unless `value` is a whole number from `low` to `high`. */
export function requireInteger(option: string, value: number, low: number, high: number): number {
  const fault = wholeNumberFault(option, value, low, high);
  if (fault !== undefined) throw new QuicError('ERR_QUIC_OPTION', fault);
  return value;
}
