import { wholeNumberFault } from '@lightspeed/wire';

/** Stable values of {@link UdpError.code}. */
export type UdpErrorCode =
  /** The batch engine was asked for by name and cannot work here. */
  | 'ERR_UDP_BATCH_UNAVAILABLE'
  /** A socket could not be created, bound or connected; `errno` says why. */
  | 'ERR_UDP_OPEN'
  /** A thread could not be kept on a processor, or asked where it may run; `errno` says why. */
  | 'ERR_UDP_AFFINITY'
  /** A socket of the process cannot be found or told what to take; `errno` says why. */
  | 'ERR_UDP_FILTER'
  /** An option or argument is outside what is allowed: a fault of the calling program. */
  | 'ERR_UDP_INVALID_ARGUMENT'
  /** The engine is closed, or already running. */
  | 'ERR_UDP_STATE';

/** Misuse, or an operating system that refused. Nothing that arrives from the network is ever thrown. */
export class UdpError extends Error {
  override readonly name = 'UdpError';
  readonly code: UdpErrorCode;
  /** The operating system's name of the error ('EADDRINUSE', 'EMFILE', ...), or '' where it was not the one to refuse. */
  readonly errno: string;

  constructor(code: UdpErrorCode, message: string, options: { errno?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.errno = options.errno ?? '';
  }
}

/** Checks an integer option once, where it comes in. */
export function requireInteger(name: string, value: number, min: number, max: number): number {
  const fault = wholeNumberFault(name, value, min, max);
  if (fault !== undefined) throw new UdpError('ERR_UDP_INVALID_ARGUMENT', fault);
  return value;
}
