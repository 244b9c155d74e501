/** What a caller did wrong; stable, for programs to compare. */
export type NetemErrorCode =
  /** An option, size, time or bound has a value that is not allowed. */
  | 'ERR_NETEM_INVALID_OPTION'
  /** A packet was sent at a time before that of an earlier packet. */
  | 'ERR_NETEM_TIME_BACKWARDS'
  /** The endpoints of a simulation asked to be woken at one instant over and over. */
  | 'ERR_NETEM_NO_PROGRESS';

/** Misuse of the emulator. Nothing that happens to a packet is ever an error: it is counted. */
export class NetemError extends Error {
  override readonly name = 'NetemError';
  readonly code: NetemErrorCode;

  constructor(code: NetemErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** @returns the value. @throws {NetemError} `ERR_NETEM_INVALID_OPTION` if it is not allowed, with what would be. */
export function demand(name: string, value: number, isAllowed: boolean, allowed: string): number {
  if (isAllowed) return value;
  throw new NetemError('ERR_NETEM_INVALID_OPTION', `${name}: got ${String(value)}, allowed is ${allowed}`);
}
