import type { ProbePair } from '@lightspeed/choice';
import type { ProbeKind } from '@lightspeed/probe';
import { formatIpv4 } from '@lightspeed/wire';
import type { MeasuringNode } from '../control/fleet-node.ts';
import { NodeProber } from '../probes/node-prober.ts';
import type { AskedNode, Pair, PairProber } from '../probes/pair-prober.ts';

/** Where nothing answers both ends, all kinds are tried again after so long. */
const RETRY_MS = 30_000;
/** Of a burst or a series. */
const SPACING_MS = 25;

/** A pair as the chooser takes it. */
export type MeasuredPair = Omit<ProbePair, 'serverIp'>;

/** What is known of how a server can be measured. */
export interface MeasuredServer {
  /** Unsigned. */
  readonly ip: number;
  readonly port: number;
  /** What answers both ends; undefined while that is not known. */
  kind: ProbeKind | undefined;
  /** Until when nothing is tried, since nothing has answered. */
  silentUntilMs: number;
}

/** Which nodes to measure by, and how many pairs each gets. */
export interface WantedPairs {
  readonly node: MeasuringNode;
  readonly count: number;
}

/** Measures game servers from here and from nodes, and gives the pairs that may count as evidence (docs/adr/0048-probes.md). */
export class ShadowProber implements Disposable {
  readonly #pairs: Pick<PairProber, 'best' | 'pairs'>;
  readonly #nowMs: () => number;
  readonly #nodes = new Map<MeasuringNode['link'], NodeProber>();

  /** @param nowMs the clock of the pairs' times. */
  constructor(pairs: Pick<PairProber, 'best' | 'pairs'>, nowMs: () => number) {
    this.#pairs = pairs;
    this.#nowMs = nowMs;
  }

  /** Measures once. Never rejects; where nothing can be measured there are no pairs. */
  async measure(server: MeasuredServer, wanted: readonly WantedPairs[]): Promise<MeasuredPair[]> {
    if (wanted.length === 0 || this.#nowMs() < server.silentUntilMs) return [];
    const target = { ip: formatIpv4(server.ip), port: server.port };
    const counts = [...new Set(wanted.map(({ count }) => count))];
    const results = await Promise.all(
      counts.map(async (count) => {
        const nodes = wanted.filter((one) => one.count === count).map(({ node }) => node);
        const asked = nodes.map(({ link }) => this.#askedOf(link));
        const options = { count, spacingMs: SPACING_MS };
        const { kind } = server;
        const pairs =
          kind === undefined ? await this.#pairs.best(target, asked, options) : await this.#pairs.pairs(target, asked, kind, options);
        return this.#taken(server, nodes, pairs);
      }),
    );
    return results.flat();
  }

  [Symbol.dispose](): void {
    for (const node of this.#nodes.values()) node[Symbol.dispose]();
    this.#nodes.clear();
  }

  #askedOf(link: MeasuringNode['link']): AskedNode {
    let node = this.#nodes.get(link);
    if (node === undefined) {
      node = new NodeProber(link);
      this.#nodes.set(link, node);
    }
    return node;
  }

  #taken(server: MeasuredServer, nodes: readonly MeasuringNode[], pairs: readonly Pair[]): MeasuredPair[] {
    const atMs = this.#nowMs();
    if (server.kind === undefined) {
      server.kind = pairs.find(({ comparable }) => comparable === 'same' || comparable === 'near')?.kind;
      if (server.kind === undefined) server.silentUntilMs = atMs + RETRY_MS;
    }
    const { kind } = server;
    return pairs.flatMap((pair, nth) => (pair.kind === kind ? pairsOf(pair, nodes[nth], atMs) : []));
  }
}

/**
 * The way to the node is measured by keepalives, and the rest by the node. Both are of the same moment: finding out what a server
 * answers takes seconds, and a program that has just started measures too much. What did not measure the same is no evidence.
 */
function pairsOf({ kind, directMs, nodeMs, toNodeMs, comparable, obstacle }: Pair, node: MeasuringNode, atMs: number): MeasuredPair[] {
  const toMs = node.rttMs ?? toNodeMs;
  if (toMs === undefined || obstacle !== undefined || comparable === 'apart') return [];
  const count = Math.min(directMs.length, nodeMs.length);
  return Array.from({ length: count }, (_, nth) => {
    const beyondMs = nodeMs[nth];
    return { node: node.name, kind, directMs: directMs[nth] ?? null, nodeMs: beyondMs === undefined ? null : beyondMs + toMs, atMs };
  }).filter((pair) => kind !== 'ttl' || (pair.directMs !== null && pair.nodeMs !== null));
}
