/** Why something in the lab could not go on. */
export type LabErrorCode =
  /** A value that the caller gave is out of range. */
  | 'ERR_LAB_INVALID_ARGUMENT'
  /** A process that a run needs ended, or did not do in time what it was started for. */
  | 'ERR_LAB_PROCESS'
  /** What was waited for did not come. */
  | 'ERR_LAB_TIMEOUT';

/** What the lab throws when a run cannot take place. A run that took place and failed is a result, not an error. */
export class LabError extends Error {
  readonly code: LabErrorCode;

  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LabError';
    this.code = code;
  }
}

/** What to say of anything that was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
