import { wholeNumberFault } from '@lightspeed/wire';

/** What is wrong with a message that was to be sent; stable, for programs. */
export type ControlErrorCode =
  /** A number does not fit its field. */
  | 'ERR_CONTROL_FIELD_RANGE'
  /** A text holds half a surrogate pair, which UTF-8 cannot say. */
  | 'ERR_CONTROL_TEXT_INVALID'
  /** A text is longer than 255 bytes of UTF-8. */
  | 'ERR_CONTROL_TEXT_TOO_LONG'
  /** A Register without a client version. */
  | 'ERR_CONTROL_VERSION_EMPTY'
  /** Type and body together are longer than 4,096 bytes. */
  | 'ERR_CONTROL_MESSAGE_TOO_LONG'
  /** The message is one of the other dialect. */
  | 'ERR_CONTROL_DIALECT_MISMATCH';

/** Misuse by the caller. What a peer sends never causes one, see {@link Refusal}. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: ControlErrorCode;

  constructor(code: ControlErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** @throws {ControlError} `ERR_CONTROL_FIELD_RANGE` unless `value` is an integer from 0 to `high`. */
export function requireInteger(field: string, value: number, high: number): void {
  const fault = wholeNumberFault(field, value, 0, high);
  if (fault !== undefined) throw new ControlError('ERR_CONTROL_FIELD_RANGE', fault);
}
