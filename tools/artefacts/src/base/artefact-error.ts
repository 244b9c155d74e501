/** What keeps an artefact from being made. */
type ArtefactErrorCode =
  'ERR_ARTEFACT_UNKNOWN' | 'ERR_ARTEFACT_TOOL_MISSING' | 'ERR_ARTEFACT_TOOL_FAILED' | 'ERR_ARTEFACT_FETCH' | 'ERR_ARTEFACT_BUNDLE';

/** An artefact cannot be made. The message says what was met, and what to do about it. */
export class ArtefactError extends Error {
  override readonly name = 'ArtefactError';
  readonly code: ArtefactErrorCode;

  constructor(code: ArtefactErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
