import { Netem } from './netem.ts';
import type { NetemOptions } from './options.ts';
import { Random } from './random.ts';

/** Two directions between the ends `a` and `b`, each an emulator of its own. */
export class NetemLink<T> {
  readonly aToB: Netem<T>;
  readonly bToA: Netem<T>;

  /**
   * @param aToB what happens to packets from a to b
   * @param bToA the other direction. By default it has the same impairments, with a seed derived from the first one. So
   *   the two directions do not lose the same packets.
   * @throws {NetemError} `ERR_NETEM_INVALID_OPTION`
   */
  constructor(aToB: NetemOptions, bToA?: NetemOptions) {
    this.aToB = new Netem(aToB);
    this.bToA = new Netem(bToA ?? { ...aToB, seed: new Random(aToB.seed).nextU32() });
  }

  /** When the next packet of either direction is due, undefined when none is under way. */
  nextDeliveryMs(): number | undefined {
    const dueMs = Math.min(this.aToB.nextDeliveryMs() ?? Infinity, this.bToA.nextDeliveryMs() ?? Infinity);
    return dueMs === Infinity ? undefined : dueMs;
  }
}
