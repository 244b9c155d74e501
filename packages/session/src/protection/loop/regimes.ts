import { sequenceDelta } from '@lightspeed/wire';
import type { SequenceNumber } from '@lightspeed/wire';
import type { RaiseTrial } from './raise-trial.ts';
import type { ReportedCounts } from './reported-counts.ts';

/** From which packet on a step was in force, and for whom the loss of these packets counts. */
interface Regime {
  readonly from: SequenceNumber;
  readonly trial: RaiseTrial | null;
  readonly isProbe: boolean;
}

const BEGINNING: Regime = { from: 0, trial: null, isProbe: false };
/** Changes are further apart than reports take: there are never more whose packets are under way. */
const MAX_REGIMES = 4;

/** Which step was in force for the packets that a report speaks of: they left some time ago. */
export class Regimes {
  /** The last changes, the latest first; one only, once reports have come to it. So numbers that wrap do no harm. */
  #regimes: readonly Regime[] = [BEGINNING];

  /**
   * A step begins.
   * @param from the number of the first packet under it.
   * @param trial the raise under trial, if there is one, `isProbe` whether this is a look without it.
   */
  enter(from: SequenceNumber, trial: RaiseTrial | null, isProbe: boolean): void {
    this.#regimes = [{ from, trial, isProbe }, ...this.#regimes.slice(0, MAX_REGIMES - 1)];
  }

  /** What was in force for the packets of a report. `undefined` if that changed among them. */
  of({ from, highest }: ReportedCounts): Regime | undefined {
    const regimes = this.#regimes;
    for (const [nth, regime] of regimes.entries()) {
      if (nth === regimes.length - 1 || sequenceDelta(from, regime.from) >= 0) {
        if (nth === 0 && regimes.length > 1) this.#regimes = [regime];
        return regime;
      }
      if (sequenceDelta(highest, regime.from) >= 0) return undefined;
    }
    return undefined;
  }

  /** Forgets all changes. */
  clear(): void {
    this.#regimes = [BEGINNING];
  }
}
