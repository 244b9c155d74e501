import type { Milliseconds } from '@lightspeed/wire';

/** A flow that the main thread was told of, see `AskedFlows`. */
export class AskedFlow {
  readonly id: number;
  readonly askedMs: Milliseconds;
  /** Datagrams that wait for its way. */
  waiting = 0;

  constructor(id: number, askedMs: Milliseconds) {
    this.id = id;
    this.askedMs = askedMs;
  }
}
