import { ANY_NODE, BURST_PAIRS, DIRECT } from '@lightspeed/choice';
import type { Decision, MatchRecord, NodeFigures, OpenMatch, WayChooser } from '@lightspeed/choice';
import type { MeasuringNode } from '../control/fleet-node.ts';
import { neverByPort } from '../profiles/never-by-node.ts';
import type { FlowMessage } from '../way/flow-messages.ts';
import { KernelFlows } from './kernel-flows.ts';
import type { KernelFlow } from './kernel-flows.ts';
import type { MeasuredPair, MeasuredServer, ShadowProber } from './shadow-prober.ts';

/** Most servers that are measured at once: a node takes three in a second. Those that began last count. */
const MAX_MEASURED = 3;
/** So many bursts begin within a second: a server browser speaks with hundreds of servers. */
const MAX_BURSTS_PER_TICK = 3;
/** Measurements of a server at a time: a probe is lost after a second, and those of the next second must not wait for that. */
const MAX_MEASUREMENTS = 2;
/** A match that has lasted for less was none: a program asked a server something. */
const SHORTEST_MATCH_MS = 10_000;
/** Ten minutes of a way that was good would hide for five that it is not any more. */
const RECENT_MS = 60_000;
/** More at once are not followed: their flows go directly. */
const MAX_MATCHES = 1_024;

/** What becomes of the decisions. */
export interface EvidenceListener {
  nodes(): readonly MeasuringNode[];
  /** Measures the ways to the nodes now: keepalives are too rare to compare with. */
  measureNodes(): void;
  /** For how long the program of a flow has sent nothing that the kernel carries; undefined if nobody knows, or the flow is forgotten. */
  kernelSilenceMs(flow: KernelFlow): Promise<number | undefined>;
  /** The name of the game behind a server's port, if it is known. */
  gameOf(port: number): string | undefined;
  /** A flow goes this way from now on; undefined is the direct one. */
  setFlowWay(id: number, node: string | undefined, isForced: boolean): void;
  decided(match: OpenMatch, decision: Decision): void;
  /** Its node has made a match worse: its network has a veto. */
  harmed(match: OpenMatch): void;
  /** It was too short for a match. */
  dropped(match: OpenMatch): void;
  /** A match is over. */
  ended(record: MatchRecord, match: OpenMatch): void;
  /** Pairs were measured for a match. */
  measured(match: OpenMatch, pairs: readonly MeasuredPair[]): void;
}

/** A match that runs, with what was measured of its network in the last ten minutes, by node. */
export interface RunningMatch {
  readonly match: OpenMatch;
  readonly figures: readonly NodeFigures[];
  /** Of the last minute alone: what the ways are now. It is looked at for one match only. */
  readonly recent: () => readonly NodeFigures[];
}

/** A match with what belongs to it here. */
interface Followed {
  readonly match: OpenMatch;
  readonly server: MeasuredServer;
  readonly flows: Set<number>;
  /** How many measurements of it are under way. */
  measurements: number;
}

/**
 * Makes flows to matches, lets the chooser decide for them, and has them measured while they run (docs/choosing.md, The rule). All
 * flows to one server are one match, and go one way. Times are milliseconds of the wall clock.
 */
export class EvidenceWays {
  readonly #chooser: WayChooser;
  readonly #prober: Pick<ShadowProber, 'measure'>;
  readonly #listener: EvidenceListener;
  readonly #nowMs: () => number;
  /** By address and port, in the order in which they began. */
  readonly #matches = new Map<string, Followed>();
  readonly #byFlow = new Map<number, Followed>();
  readonly #kernelFlows: KernelFlows;
  #nodeNames = '';
  /** So often the ways to nodes are measured before the first match. */
  #firstTicks = 5;
  /** Bursts since the last tick. */
  #bursts = 0;

  constructor(chooser: WayChooser, prober: Pick<ShadowProber, 'measure'>, listener: EvidenceListener, nowMs: () => number) {
    this.#chooser = chooser;
    this.#prober = prober;
    this.#listener = listener;
    this.#nowMs = nowMs;
    this.#kernelFlows = new KernelFlows(
      (flow) => listener.kernelSilenceMs(flow),
      (id, silentMs) => this.#over(id, silentMs),
    );
  }

  /** The matches that run and began last, the latest first. */
  latest(most: number): RunningMatch[] {
    const figuresOf = ({ server }: OpenMatch, ageMs?: number) => this.#chooser.figuresFor(server.serverIp, this.#nowMs(), ageMs);
    return [...this.#matches.values()]
      .slice(-most)
      .reverse()
      .map(({ match }) => ({ match, figures: figuresOf(match), recent: () => figuresOf(match, RECENT_MS) }));
  }

  /** Takes what the data plane tells of a flow. */
  take(message: FlowMessage): void {
    if (message.type === 'flow-opened') this.#opened(message);
    else if (message.type === 'flow-answered') this.#answered(message.id);
    else this.#closed(message.id, message.idleMs);
  }

  /** Measures, and leaves ways that are dead. To be called once a second. */
  tick(): void {
    this.#bursts = 0;
    if (this.#matches.size > 0 || this.#firstTicks-- > 0) this.#listener.measureNodes();
    const nodes = this.#nodes();
    const measured = [...this.#matches.values()].slice(-MAX_MEASURED);
    for (const followed of measured) void this.#shadow(followed, nodes);
    for (const followed of this.#matches.values()) this.#leaveDeadWay(followed, nodes);
    void this.#kernelFlows.look();
  }

  /** Ends all matches. */
  close(): void {
    for (const followed of [...this.#matches.values()]) this.#end(followed, 0);
  }

  #opened({ id, serverIp, serverPort, sourceIp, sourcePort, isKernelDirect }: Extract<FlowMessage, { type: 'flow-opened' }>): void {
    const key = `${serverIp}:${serverPort}`;
    let followed = this.#matches.get(key);
    const isNew = followed === undefined;
    if (followed === undefined) {
      if (this.#matches.size >= MAX_MATCHES) return this.#listener.setFlowWay(id, undefined, false);
      this.#nodes();
      const game = this.#listener.gameOf(serverPort);
      const never = neverByPort(serverPort);
      const match = this.#chooser.openMatch({ serverIp, serverPort, game, never }, this.#nowMs());
      const server = { ip: serverIp, port: serverPort, kind: undefined, silentUntilMs: 0 };
      followed = { match, server, flows: new Set(), measurements: 0 };
      this.#matches.set(key, followed);
    }
    followed.flows.add(id);
    this.#byFlow.set(id, followed);
    const { match } = followed;
    const isDirect = nodeOf(match.decision) === undefined;
    // From then on the kernel carries it, and nobody sees the answer.
    if (isKernelDirect && isDirect) {
      this.#chooser.handleAnswer(match);
      this.#kernelFlows.add(id, { sourceIp, sourcePort, serverIp, serverPort });
    }
    this.#listener.setFlowWay(id, nodeOf(match.decision), false);
    if (!isNew) return;
    this.#listener.decided(match, match.decision);
    if (match.decision.wantsBurst && this.#bursts++ < MAX_BURSTS_PER_TICK) void this.#burst(followed);
  }

  #answered(id: number): void {
    const followed = this.#byFlow.get(id);
    if (followed !== undefined) this.#chooser.handleAnswer(followed.match);
  }

  /** The client hears no more of it. What the kernel carries may go on. */
  #closed(id: number, idleMs: number): void {
    if (!this.#kernelFlows.closed(id, idleMs)) this.#over(id, idleMs);
  }

  #over(id: number, idleMs: number): void {
    const followed = this.#byFlow.get(id);
    if (followed === undefined) return;
    this.#byFlow.delete(id);
    followed.flows.delete(id);
    if (followed.flows.size === 0) this.#end(followed, idleMs);
  }

  #end(followed: Followed, idleMs: number): void {
    const { match, server, flows } = followed;
    this.#matches.delete(`${server.ip}:${server.port}`);
    for (const id of flows) {
      this.#byFlow.delete(id);
      this.#kernelFlows.forget(id);
    }
    const endMs = Math.max(match.startMs, this.#nowMs() - idleMs);
    const record = this.#chooser.closeMatch(match, endMs);
    if (endMs - match.startMs >= SHORTEST_MATCH_MS) this.#listener.ended(record, match);
    else this.#listener.dropped(match);
  }

  async #burst(followed: Followed): Promise<void> {
    const { match, flows } = followed;
    await this.#measure(
      followed,
      this.#nodes().map((node) => ({ node, count: BURST_PAIRS })),
    );
    if (!this.#isOpen(followed)) return;
    const decision = this.#chooser.reconsider(match, this.#nowMs());
    if (decision === undefined) return;
    for (const id of flows) this.#listener.setFlowWay(id, nodeOf(decision), false);
    this.#listener.decided(match, decision);
  }

  async #shadow(followed: Followed, nodes: readonly MeasuringNode[]): Promise<void> {
    const nowMs = this.#nowMs();
    const wanted = nodes
      .map((node) => ({ node, count: this.#chooser.shadowPairs(followed.match, node.name, nowMs) }))
      .filter(({ count }) => count > 0);
    await this.#measure(followed, wanted);
  }

  async #measure(followed: Followed, wanted: Parameters<ShadowProber['measure']>[1]): Promise<void> {
    // What answers is found out once, and that takes seconds.
    if (followed.measurements >= (followed.server.kind === undefined ? 1 : MAX_MEASUREMENTS)) return;
    followed.measurements++;
    const pairs = await this.#prober.measure(followed.server, wanted);
    followed.measurements--;
    if (!this.#isOpen(followed)) return;
    const { match } = followed;
    for (const pair of pairs) if (this.#chooser.addShadowPair(match, pair)) this.#listener.harmed(match);
    if (pairs.length > 0) this.#listener.measured(match, pairs);
  }

  #leaveDeadWay({ match, flows }: Followed, nodes: readonly MeasuringNode[]): void {
    const { way } = match.decision;
    if (way === DIRECT || nodes.some(({ name, up }) => name === way && up)) return;
    const decision = this.#chooser.handleDeadWay(match, this.#nowMs());
    if (decision === undefined) return;
    for (const id of flows) this.#listener.setFlowWay(id, nodeOf(decision), true);
    this.#listener.decided(match, decision);
  }

  /** The nodes that may be used now; the chooser is told. */
  #nodes(): readonly MeasuringNode[] {
    const nodes = this.#listener.nodes().filter(({ up }) => up);
    const names = nodes.map(({ name }) => name);
    const joined = names.join(' ');
    if (joined !== this.#nodeNames) {
      this.#nodeNames = joined;
      this.#chooser.setNodes(names);
    }
    return nodes;
  }

  #isOpen({ server, match }: Followed): boolean {
    return this.#matches.get(`${server.ip}:${server.port}`)?.match === match;
  }
}

/** Where no node measures, nothing can be compared: then it is by the node in use, as the user has named it. */
function nodeOf({ way, reason }: Decision): string | undefined {
  if (reason === 'no-node') return ANY_NODE;
  return way === DIRECT ? undefined : way;
}
