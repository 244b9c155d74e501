/** Why a benchmark could not run. */
export type BenchErrorCode =
  /** The command line is wrong. */
  | 'ERR_BENCH_USAGE'
  /** Something that a measurement needs is not on this machine. */
  | 'ERR_BENCH_MISSING'
  /** A process ended, or did not do what it was started for. */
  | 'ERR_BENCH_PROCESS'
  /** A relay does not let clients in, or does not answer. */
  | 'ERR_BENCH_RELAY';

/** Why a benchmark cannot take place. */
export class BenchError extends Error {
  readonly code: BenchErrorCode;

  constructor(code: BenchErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BenchError';
    this.code = code;
  }
}
