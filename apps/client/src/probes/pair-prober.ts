import { MAX_PROBED_ROUTERS, ProbeError, Prober } from '@lightspeed/probe';
import type { Measurement, ProbeKind, ProbeTarget } from '@lightspeed/probe';
import { AnsweringKinds } from './answering-kinds.ts';
import type { NodeMeasurement, NodeProber, NodeRefusal } from './node-prober.ts';

/** A burst: ten pairs within 250 ms. */
const DEFAULT_COUNT = 10;
const DEFAULT_SPACING_MS = 25;

/** A router answers six probes by TTL at once, and then one a second: ten of a burst are answered by two or three. */
const ROUTERS = MAX_PROBED_ROUTERS;

/** Enough to learn whether anybody answers, and few enough that a node then still grants a burst. */
const TRIAL_COUNT = 2;

/** How to measure pairs. */
export interface PairOptions {
  /** Probes of each end, 1 to 10; default 10. */
  readonly count?: number;
  /** Milliseconds between them; default 25. */
  readonly spacingMs?: number;
  /** How old a result of the node for the server's /24 may be, in seconds; 0, the default, has it measure in the same moment. */
  readonly maxAgeSecs?: number;
}

/**
 * Whether both ends have measured the same. `same`: the same address answered. `near`: addresses of one /24. `apart`: each heard
 * another router, so their difference is no evidence by itself (docs/adr/0048-probes.md).
 */
type Comparability = 'same' | 'near' | 'apart';

/** The same server, measured by the same kind from both ends within the same moment. */
export interface Pair {
  readonly kind: ProbeKind;
  /** Milliseconds from this machine, undefined for a probe that was lost or could not be sent. */
  readonly directMs: readonly (number | undefined)[];
  /** Milliseconds from the node; empty if it has measured nothing. The way to the node is not in it. */
  readonly nodeMs: readonly (number | undefined)[];
  /** The round trip to the node then, to be added to each of `nodeMs` for the whole way; undefined if it is not known. */
  readonly toNodeMs: number | undefined;
  /** Why the node has measured nothing; undefined if it has. */
  readonly refusal: NodeRefusal | undefined;
  /** Why this machine has measured nothing, with what to do about it. */
  readonly obstacle: string | undefined;
  /** Undefined unless both ends had answers. */
  readonly comparable: Comparability | undefined;
  /** How old the node's result is. */
  readonly nodeAgeSecs: number;
}

/** What {@link PairProber} asks a node by. */
export type AskedNode = Pick<NodeProber, 'ask' | 'roundTripMs'>;

/** Measures servers from this machine and from nodes at the same time. One for all nodes of a client. */
export class PairProber {
  readonly #prober: Pick<Prober, 'probe'>;
  readonly #kinds = new AnsweringKinds();

  /** @param prober who measures here; make it with the mark that the client's own sockets have, if they have one. */
  constructor(prober: Pick<Prober, 'probe'> = new Prober()) {
    this.#prober = prober;
  }

  /** Measures by one kind. Never rejects for what a system, a node or the network refuses. */
  async pair(target: ProbeTarget, node: AskedNode, kind: ProbeKind, options: PairOptions = {}): Promise<Pair> {
    const [pair] = await this.pairs(target, [node], kind, options);
    return pair;
  }

  /** The same by several nodes, compared with one and the same measurement from here. @returns in the order of the nodes */
  async pairs(target: ProbeTarget, nodes: readonly AskedNode[], kind: ProbeKind, options: PairOptions = {}): Promise<Pair[]> {
    const { count = DEFAULT_COUNT, spacingMs = DEFAULT_SPACING_MS, maxAgeSecs = 0 } = options;
    const [direct, ...byNodes] = await Promise.all([
      this.#direct(target, kind, count, spacingMs),
      ...nodes.map((node) => node.ask({ ...target, kind, count, spacingMs, maxAgeSecs, routers: ROUTERS })),
    ]);
    const pairs = byNodes.map((byNode, at) => pairOf(kind, direct, byNode, nodes[at].roundTripMs));
    const isAnswered = pairs.some(({ comparable }) => comparable !== undefined);
    const isKnown = isAnswered || pairs.every(({ refusal }) => refusal === undefined);
    if (isKnown) this.#kinds.note(target.ip, kind, isAnswered);
    return pairs;
  }

  /**
   * Measures by the first kind to which the server answers both ends: that which is known of its /24, then ICMP, TCP, A2S, TTL.
   * Kinds are tried with two probes, which count, and only the one that answers gets the rest.
   * @returns in the order of the nodes, none of them with `comparable` if no kind answers both ends. Then they are those of the
   * first kind that answers either, and say what stands in the way.
   */
  async best(target: ProbeTarget, nodes: readonly AskedNode[], options: PairOptions = {}): Promise<Pair[]> {
    const { count = DEFAULT_COUNT } = options;
    let oneSided: Pair[] | undefined;
    let first: Pair[] | undefined;
    for (const kind of nodes.length === 0 ? [] : this.#kinds.order(target.ip)) {
      const tried = await this.pairs(target, nodes, kind, { ...options, count: Math.min(count, TRIAL_COUNT) });
      if (tried.some(({ comparable }) => comparable !== undefined)) {
        if (count <= TRIAL_COUNT) return tried;
        const rest = await this.pairs(target, nodes, kind, { ...options, count: count - TRIAL_COUNT });
        return tried.map((pair, at) => joined(pair, rest[at]));
      }
      first ??= tried;
      if (tried.some(({ directMs, nodeMs }) => [...directMs, ...nodeMs].some((ms) => ms !== undefined))) oneSided ??= tried;
    }
    return oneSided ?? first ?? [];
  }

  async #direct(target: ProbeTarget, kind: ProbeKind, count: number, spacingMs: number): Promise<Measurement | ProbeError> {
    try {
      return await this.#prober.probe(target, kind, { count, spacingMs, routers: ROUTERS });
    } catch (error) {
      if (error instanceof ProbeError && error.code !== 'ERR_PROBE_OPTION') return error;
      throw error;
    }
  }
}

/** Two measurements of one kind by one node, as one. What was refused once only is not refused. */
function joined(a: Pair, b: Pair): Pair {
  return {
    ...b,
    directMs: [...a.directMs, ...b.directMs],
    nodeMs: [...a.nodeMs, ...b.nodeMs],
    refusal: a.refusal === undefined || b.refusal === undefined ? undefined : b.refusal,
    comparable: b.comparable ?? a.comparable,
  };
}

function pairOf(
  kind: ProbeKind,
  direct: Measurement | ProbeError,
  byNode: NodeMeasurement | NodeRefusal,
  toNodeMs: number | undefined,
): Pair {
  const here = direct instanceof ProbeError ? undefined : direct;
  const there = typeof byNode === 'string' ? undefined : byNode;
  const comparable = here === undefined || there === undefined ? undefined : comparabilityOf(kind, here, there);
  // Of a pair that has reached two routers, either half is as good as lost.
  const isOfBoth = (at: number) =>
    kind !== 'ttl' || comparable === 'apart' || nearness(originAt(here, at), originAt(there, at)) !== 'apart';
  const ofBoth = (list: Measurement['roundTripsMs'] = []) => list.map((ms, at) => (isOfBoth(at) ? ms : undefined));
  return {
    kind,
    directMs: ofBoth(here?.roundTripsMs),
    nodeMs: ofBoth(there?.roundTripsMs),
    toNodeMs,
    refusal: typeof byNode === 'string' ? byNode : undefined,
    obstacle: direct instanceof ProbeError ? direct.message : undefined,
    comparable,
    nodeAgeSecs: there?.ageSecs ?? 0,
  };
}

function comparabilityOf(kind: ProbeKind, here: Measurement, there: NodeMeasurement): Comparability | undefined {
  const isAnswered = [here, there].every(({ roundTripsMs }) => roundTripsMs.some((ms) => ms !== undefined));
  if (!isAnswered) return undefined;
  // It is the server that answered; of a network's older result it is a neighbour.
  if (kind !== 'ttl') return here.origin === there.origin ? 'same' : 'near';
  const found = here.roundTripsMs.map((_, at) => nearness(originAt(here, at), originAt(there, at)));
  return (['same', 'near'] as const).find((one) => found.includes(one)) ?? 'apart';
}

/** Who answered a probe; undefined if it is not known, or was lost. */
function originAt(measured: Pick<Measurement, 'origin' | 'origins' | 'roundTripsMs'> | undefined, at: number): string | undefined {
  if (measured?.roundTripsMs[at] === undefined) return undefined;
  return measured.origins === undefined ? measured.origin : measured.origins[at];
}

/** Of the routers that answered two probes; of a probe that was lost it is not known, and nothing follows from it. */
function nearness(a: string | undefined, b: string | undefined): Comparability {
  if (a === undefined || b === undefined) return 'apart';
  if (a === b) return 'same';
  return networkOf(a) === networkOf(b) ? 'near' : 'apart';
}

function networkOf(ip: string): string {
  return ip.slice(0, ip.lastIndexOf('.'));
}
