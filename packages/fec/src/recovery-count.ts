/** A packet whose original comes within this time after its recovery was not lost, but late. */
const RECOVERY_SETTLES_MS = 500;

/**
 * Counts recoveries, and takes those back whose original comes after all. Whether it will come shows after a while. So the
 * count that never goes down, {@link settled}, is up to two of these whiles behind.
 *
 * ```
 *   settled | ageing | fresh        turned every 500 ms or later; `all` is the sum of the three
 * ```
 */
export class RecoveryCount {
  /** Recoveries whose original has not come. */
  all = 0;
  private fresh = 0;
  private ageing = 0;
  private freshSinceMs = 0;

  /** Those of which nothing is taken back any more. */
  get settled(): number {
    return this.all - this.fresh - this.ageing;
  }

  note(): void {
    this.all++;
    this.fresh++;
  }

  /** The original of a packet has come. @returns whether its recovery is taken back: it is if it was recovered only a moment ago. */
  takeBack(recoveredMs: number, nowMs: number): boolean {
    if ((nowMs - recoveredMs) >>> 0 >= RECOVERY_SETTLES_MS) return false;
    const isFresh = this.ageing === 0 || (this.fresh > 0 && ((recoveredMs - this.freshSinceMs) | 0) >= 0);
    if (isFresh) this.fresh--;
    else this.ageing--;
    this.all--;
    return true;
  }

  /** To be called now and then. */
  turn(nowMs: number): void {
    if (this.fresh + this.ageing === 0) {
      this.freshSinceMs = nowMs;
    } else if ((nowMs - this.freshSinceMs) >>> 0 >= RECOVERY_SETTLES_MS) {
      this.ageing = this.fresh;
      this.fresh = 0;
      this.freshSinceMs = nowMs;
    }
  }

  /** Nothing comes any more. */
  settle(): void {
    this.fresh = 0;
    this.ageing = 0;
  }
}
