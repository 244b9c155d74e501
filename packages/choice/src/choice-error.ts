/** Stable names of what can be misused in this package. */
export type ChoiceErrorCode = 'ERR_CHOICE_NODES' | 'ERR_CHOICE_PREFIX' | 'ERR_CHOICE_WAY' | 'ERR_CHOICE_CLOSED';

/** Misuse of this package by its caller. What was measured or read from a file never causes one. */
export class ChoiceError extends RangeError {
  override readonly name = 'ChoiceError';
  /** Stable, for programs. */
  readonly code: ChoiceErrorCode;

  constructor(code: ChoiceErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
