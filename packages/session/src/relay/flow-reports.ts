import type { RelayParts } from './relay-parts.ts';
import type { RelayFlow, RelaySession } from './relay-session.ts';

/** What {@link FlowReports} takes of a relay. */
export type FlowReportsParts = Pick<RelayParts, 'clock' | 'limits' | 'output'>;

/** Tells a driver of flows, if it wants to know (`RelayOutput.flowOpened` and what follows it). Never called per packet. */
export class FlowReports {
  readonly #parts: FlowReportsParts;

  constructor(parts: FlowReportsParts) {
    this.#parts = parts;
  }

  opened(flow: RelayFlow): void {
    const { limits, output } = this.#parts;
    if (output.flowOpened === undefined) return;
    const { slot } = flow.session;
    output.flowOpened(flow, { maxPps: limits.ratePps(slot), maxBps: limits.rateBps(slot) });
  }

  changed(flow: RelayFlow): void {
    this.#parts.output.flowChanged?.(flow);
  }

  closed(flow: RelayFlow): void {
    this.#parts.output.flowClosed?.(flow);
  }

  /** Something that all flows of a session share has changed: its paths or its mode. */
  sessionChanged(session: RelaySession): void {
    this.#notePathsInUse(session);
    this.#tellAll(session);
  }

  /** Tells of paths that have fallen silent, or are heard again. For a timer: packets do not wait for it. */
  lookAtPaths(session: RelaySession): void {
    if (session.pathCount > 1 && this.#notePathsInUse(session)) this.#tellAll(session);
  }

  /** @returns whether it is something else than before. */
  #notePathsInUse(session: RelaySession): boolean {
    const { nowMs } = this.#parts.clock;
    let isNew = false;
    for (let path = session.firstPath; path !== null; path = path.nextOfSession) {
      const isInUse = path.isValidated && path.isAlive(nowMs);
      if (path.isInUse === isInUse) continue;
      path.isInUse = isInUse;
      isNew = true;
    }
    return isNew;
  }

  #tellAll(session: RelaySession): void {
    const { output } = this.#parts;
    if (output.flowChanged === undefined) return;
    for (let flow = session.firstFlow; flow !== null; flow = flow.nextOfSession) output.flowChanged(flow);
  }
}
