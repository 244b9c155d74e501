/** A piece of the packet path to be timed. */
export interface Piece {
  readonly name: string;
  /** Operations per call: several keep the cost of the call itself out of the figure. */
  readonly operations: number;
  readonly run: () => unknown;
}
