/** What went wrong, stable for programs. */
export type SecurityErrorCode =
  /** An option or argument is outside its range. */
  | 'ERR_SECURITY_OPTION_RANGE'
  /** A destination rule's address is not four decimal parts. */
  | 'ERR_SECURITY_RULE_ADDRESS'
  /** A destination rule's prefix length is missing or not 0 to 32. */
  | 'ERR_SECURITY_RULE_PREFIX'
  /** A destination rule's address has bits set that its prefix does not cover. */
  | 'ERR_SECURITY_RULE_HOST_BITS'
  /** A destination rule's port is not 1 to 65,535. */
  | 'ERR_SECURITY_RULE_PORT'
  /** A destination rule's port range ends before it starts. */
  | 'ERR_SECURITY_RULE_PORT_ORDER'
  /** A registration id is issued a token, or a session id is given to a ticket, while it has one. */
  | 'ERR_SECURITY_REGISTRATION_EXISTS'
  /** A field of a ticket to be issued, or a ticket id, is none. */
  | 'ERR_SECURITY_TICKET_FIELD'
  /** An issuer's public key is none, there is none, or two cannot be told apart. */
  | 'ERR_SECURITY_ISSUER_KEY'
  /** What an invitation is to name is no node, or no pin. */
  | 'ERR_SECURITY_INVITATION'
  /** The text is no private key for tickets. */
  | 'ERR_SECURITY_SIGNING_KEY'
  /** A line of a revocation list is no ticket id. */
  | 'ERR_SECURITY_REVOCATION_LINE'
  /** A cryptographic function that was passed in returns the wrong number of bytes. */
  | 'ERR_SECURITY_PRIMITIVE_OUTPUT';

/**
 * Misuse of this package or bad configuration; the message says what was got and what is allowed. Remote input never
 * causes one: it is refused by a return value.
 */
export class SecurityError extends Error {
  override readonly name = 'SecurityError';
  readonly code: SecurityErrorCode;

  constructor(code: SecurityErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
