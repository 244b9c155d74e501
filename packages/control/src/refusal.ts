/**
 * Why received bytes are no control message (docs/protocol.md, Control plane). The stream that they came on is reset, the
 * connection is kept. Stable, for programs and counters.
 */
export type RefusalCode =
  /** The length prefix is 0: there is not even a message type. */
  | 'length_zero'
  /** The length prefix is above 4,096. */
  | 'length_too_large'
  /** The bytes end before the frame does. */
  | 'frame_incomplete'
  /** More bytes were given than the one frame has. */
  | 'frame_trailing_bytes'
  /** The body ends within its fixed fields. */
  | 'body_too_short'
  /** A text is not valid UTF-8. */
  | 'invalid_utf8'
  /** The client version of a Register is empty. */
  | 'version_empty'
  /** An extension's id, length or value is cut short. */
  | 'extension_cut_short';

/** A result in place of a message. Bytes from a peer never make this package throw. */
export interface Refusal {
  readonly type: 'refused';
  readonly code: RefusalCode;
}

/** A decoder's result for a message that is not allowed. */
export function refuse(code: RefusalCode): Refusal {
  return { type: 'refused', code };
}
