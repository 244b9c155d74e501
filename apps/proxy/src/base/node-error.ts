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
  switch (errnoOf(cause)) {
    case 'EADDRINUSE':
      return new NodeError(
        'ERR_PROXY_PORT_IN_USE',
        `${address} (${what}) is in use by another program: end that one, or choose another with ${flag}`,
        { cause },
      );
    case 'EADDRNOTAVAIL':
      return new NodeError('ERR_PROXY_BIND', `${address} (${what}) is not an address of this machine: choose one that is with ${flag}`, {
        cause,
      });
    case 'EACCES':
      return new NodeError(
        'ERR_PROXY_BIND',
        `${address} (${what}) may not be used by this user: ports below 1024 need privileges, choose another with ${flag}`,
        { cause },
      );
    case 'ENOTSUP':
      return new NodeError('ERR_PROXY_BIND', `${address} (${what}) cannot be shared by several workers on this system: use --workers 1`, {
        cause,
      });
    default:
      return new NodeError('ERR_PROXY_BIND', `${address} (${what}) cannot be used: ${messageOf(cause)}`, { cause });
  }
}

/** The error for a control plane that cannot listen. */
export function controlError(cause: unknown, bind: SocketAddress): NodeError {
  const address = formatSocketAddress(bind);
  const why = messageOf(cause);
  if (why.includes('in use')) {
    return new NodeError(
      'ERR_PROXY_PORT_IN_USE',
      `${address} (control plane) is in use by another program: end that one, or choose another with --control-bind`,
      { cause },
    );
  }
  return new NodeError('ERR_PROXY_CONTROL', `${address} (control plane) cannot be used: ${why}; see --control-bind`, { cause });
}

function errnoOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  // @lightspeed/udp tells the system's name apart from its own code.
  if ('errno' in error && typeof error.errno === 'string') return error.errno;
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** The message of an error, or the text of anything else that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
