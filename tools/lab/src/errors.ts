import { parseArgs } from 'node:util';
import type { ParseArgsOptionsConfig } from 'node:util';

/** Why something in the lab, or in the benchmark, could not go on. */
export type LabErrorCode =
  /** The command line is wrong. */
  | 'ERR_LAB_USAGE'
  /** Something that a run needs is not on this machine. */
  | 'ERR_LAB_MISSING'
  /** A process that a run needs ended, or did not do in time what it was started for. */
  | 'ERR_LAB_PROCESS'
  /** What was waited for did not come. */
  | 'ERR_LAB_TIMEOUT';

/** What the lab throws when a run cannot take place. A run that took place and failed is a result, not an error. */
export class LabError extends Error {
  override readonly name = 'LabError';
  readonly code: LabErrorCode;

  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What to say of anything that was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The options on a command line. @throws {LabError} `ERR_LAB_USAGE` */
export function readOptions<const Options extends ParseArgsOptionsConfig>(words: readonly string[], options: Options) {
  try {
    // `pnpm start -- --seconds 6` hands the dashes on.
    return parseArgs({ args: words.filter((word) => word !== '--'), options }).values;
  } catch (error) {
    throw new LabError('ERR_LAB_USAGE', reasonOf(error), { cause: error });
  }
}
