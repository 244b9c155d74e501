import { errnoOf, explainBindErrno, explainFileError } from '@lightspeed/udp';
import type { SocketAddress } from '@lightspeed/wire';
import { formatSocketAddress } from '@lightspeed/wire';

/** Stable values of {@link NodeError.code}. */
export type NodeErrorCode =
  /** Another program has the port. */
  | 'ERR_PROXY_PORT_IN_USE'
  /** The system refuses an address or port for another reason. */
  | 'ERR_PROXY_BIND'
  /** The engine that was asked for cannot work here. */
  | 'ERR_PROXY_ENGINE'
  /** Workers cannot be kept on the processors that were asked for. */
  | 'ERR_PROXY_CORES'
  /** The process may have too few files open. */
  | 'ERR_PROXY_DESCRIPTORS'
  /** A worker ended before it served. */
  | 'ERR_PROXY_WORKER'
  /** Certificate and key cannot be read or made. */
  | 'ERR_PROXY_IDENTITY'
  /** The revocation list cannot be read. */
  | 'ERR_PROXY_REVOCATIONS'
  /** The state folder cannot be had, or no node can be reached by it. */
  | 'ERR_PROXY_STATE'
  /** There is no QUIC for this platform, or the control plane cannot listen. */
  | 'ERR_PROXY_CONTROL'
  /** A file that a command was given cannot be read or written. */
  | 'ERR_PROXY_FILE';

/** Why a node did not start. The message is one line that says what to do. */
export class NodeError extends Error {
  override readonly name = 'NodeError';
  readonly code: NodeErrorCode;

  constructor(code: NodeErrorCode, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The error for an address that could not be bound.
 * @param what whose address it is, `flag` how to choose another.
 */
export function bindError(cause: unknown, what: string, address: string, flag: string): NodeError {
  const errno = errnoOf(cause);
  const code =
    errno === 'EADDRINUSE' ? 'ERR_PROXY_PORT_IN_USE' : errno === undefined && what === CONTROL ? 'ERR_PROXY_CONTROL' : 'ERR_PROXY_BIND';
  const why = errno === undefined ? messageOf(cause) : errno === 'ENOTSUP' ? NOT_SHARED : explainBindErrno(errno);
  return new NodeError(code, `${address} (${what}) cannot be used: ${why}; see ${flag}`, { cause });
}

const CONTROL = 'control plane';
const NOT_SHARED = 'several workers cannot share it on this system (ENOTSUP): use --workers 1';

/** The error for a control plane that cannot listen. */
export function controlError(cause: unknown, bind: SocketAddress): NodeError {
  return bindError(cause, CONTROL, formatSocketAddress(bind), '--control-bind');
}

/** The message of an error, in words for one of a file; or the text of anything else that was thrown. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'syscall' in error && 'path' in error ? explainFileError(error) : error.message;
}
