import { refusedDestinationsExtension, refusedPacketsExtension } from '@lightspeed/control';
import type { RefusedDestination, RefusedPackets, Report, SessionLimits } from '@lightspeed/control';

/** What nodes have said of the way up, and of what they refuse, since the start and over all nodes. */
export interface ReportedUp {
  /** Packets that should have come to the nodes, those that came, those among them that came behind a later one. */
  readonly expected: number;
  readonly received: number;
  readonly late: number;
  /** Payloads of lost packets that nodes have recovered. */
  readonly recovered: number;
  /** What was refused, by direction and reason. */
  readonly refused: readonly RefusedPackets[];
  /** The limits of the session of which a node has spoken last, if they are known. */
  readonly limits: SessionLimits | undefined;
}

type Totals = Pick<Report, 'expected' | 'received' | 'late' | 'recovered'>;
type TotalName = keyof Totals;
const NAMES: readonly TotalName[] = ['expected', 'received', 'late', 'recovered'];
const NOTHING: Totals = { expected: 0, received: 0, late: 0, recovered: 0 };

/** So many refused game servers are told of: a node that names more, or a game that scans, does not fill memory. */
const MAX_TOLD = 256;
const HALF_CIRCLE = 2 ** 31;

/** Sums up the reports of nodes (docs/protocol.md, Reports). What a node says is only shown, never acted on. */
export class NodeReports {
  readonly #sums: { -readonly [Name in TotalName]: number } = { ...NOTHING };
  readonly #refused = new Map<string, RefusedPackets>();
  /** By node: its last report. */
  readonly #last = new Map<string, Report>();
  readonly #told = new Set<string>();
  #limits: SessionLimits | undefined;

  /** Undefined until a node has reported. */
  get up(): ReportedUp | undefined {
    if (this.#last.size === 0) return undefined;
    return { ...this.#sums, refused: [...this.#refused.values()], limits: this.#limits };
  }

  /**
   * A node has reported.
   * @param isOuter whether it only carries what goes to other nodes: what was lost on the way to it, those report too.
   * @returns game servers that it has refused, and of which nobody was told before.
   */
  take(node: string, report: Report, limits: SessionLimits | undefined, isOuter: boolean): RefusedDestination[] {
    const last = this.#last.get(node);
    const before = last?.sessionId === report.sessionId ? last : NOTHING;
    this.#last.set(node, report);
    if (!isOuter) for (const name of NAMES) this.#sums[name] += growth(report[name], before[name]);
    this.#limits = limits ?? this.#limits;
    for (const refused of refusedPacketsExtension.find(report.extensions) ?? []) this.#addRefused(refused);
    const destinations = refusedDestinationsExtension.find(report.extensions) ?? [];
    return destinations.filter(({ ip, port, reason }) => this.#isNew(`${node} ${ip} ${port} ${reason}`));
  }

  #addRefused({ direction, reason, packets }: RefusedPackets): void {
    const key = `${direction} ${reason}`;
    const before = this.#refused.get(key)?.packets ?? 0;
    this.#refused.set(key, { direction, reason, packets: before + packets });
  }

  #isNew(key: string): boolean {
    if (this.#told.has(key) || this.#told.size >= MAX_TOLD) return false;
    this.#told.add(key);
    return true;
  }
}

/** By how much a counter of 32 bits has grown; one that is behind has begun again. */
function growth(now: number, before: number): number {
  const grown = (now - before) >>> 0;
  return grown >= HALF_CIRCLE ? now : grown;
}
