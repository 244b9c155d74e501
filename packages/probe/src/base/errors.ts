/** Stable values of {@link ProbeError.code}. */
export type ProbeErrorCode =
  /** An option is outside what is allowed: a fault of the calling program. */
  | 'ERR_PROBE_OPTION'
  /** This kind of probe is not possible on this machine, or not with these rights. */
  | 'ERR_PROBE_UNAVAILABLE'
  /** As many probes as the prober allows are under way. */
  | 'ERR_PROBE_BUSY';

/** Misuse, or a system that refuses a kind of probe. What the network answers is never thrown. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';
  readonly code: ProbeErrorCode;

  constructor(code: ProbeErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
