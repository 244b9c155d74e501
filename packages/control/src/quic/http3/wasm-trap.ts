/** What the connection was doing when its instance of the wasm form trapped. */
export interface TrappedConnection {
  /** The instance's function that did not return. */
  readonly call: string;
  readonly thrown: unknown;
  /** Whether the certificate had to lead to an authority. */
  readonly verifies: boolean;
  readonly handshakeOver: boolean;
}

/** QUIC's own: something went wrong inside of an end (RFC 9000, section 20.1). */
const INTERNAL_ERROR = 0x1;
/** 0x100 and the TLS alert certificate_unknown (RFC 8446, section 6.2). */
const CERTIFICATE_UNKNOWN = 0x100 + 46;

/**
 * The code with which a trap ends a connection. The wasm form traps when it refuses a certificate: in a datagram of the
 * handshake, by an instruction that must not be reached. Any other trap is a fault of the library, and is not blamed on the node.
 */
export function codeOfTrap({ call, thrown, verifies, handshakeOver }: TrappedConnection): number {
  const unreachable = thrown instanceof Error && thrown.name === 'RuntimeError' && thrown.message === 'unreachable';
  return verifies && !handshakeOver && unreachable && call.endsWith('_recv') ? CERTIFICATE_UNKNOWN : INTERNAL_ERROR;
}
