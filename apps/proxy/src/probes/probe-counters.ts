import type { ProbeRefusal } from '@lightspeed/control';
import type { ProbeKind } from '@lightspeed/probe';

/** Why a request to measure was not met: as its client is told, or `not_agreed` for clients that are not told anything. */
export type RefusedProbe = ProbeRefusal | 'not_agreed';

/** What the node has measured for its clients, and what it has refused. */
export class ProbeCounters {
  readonly #done = new Map<ProbeKind, number>();
  readonly #refused = new Map<RefusedProbe, number>();
  /** Requests that were met with a result for somebody else. */
  shared = 0;

  measured(kind: ProbeKind): void {
    this.#done.set(kind, (this.#done.get(kind) ?? 0) + 1);
  }

  refuse(reason: RefusedProbe): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  /** Measurements, by kind. */
  get done(): ReadonlyMap<ProbeKind, number> {
    return this.#done;
  }

  /** Requests that were refused, by why. */
  get refused(): ReadonlyMap<RefusedProbe, number> {
    return this.#refused;
  }
}
