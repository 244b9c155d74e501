import { ChoiceError } from './choice-error.ts';
import { parseState } from './chooser-state.ts';
import type { ChooserState, ImportResult } from './chooser-state.ts';
import { DecisionCounter } from './decision-counts.ts';
import type { DecisionCounts } from './decision-counts.ts';
import { DIRECT } from './decision.ts';
import type { Decision, GameServer, ProbePair } from './decision.ts';
import { EvidenceBook } from './evidence-book.ts';
import { ANY_NODE, FixedRules } from './fixed-rules.ts';
import type { AlwaysRule, NeverRule } from './fixed-rules.ts';
import { MatchMemory } from './match-memory.ts';
import { recordOf } from './match-record.ts';
import type { MatchRecord } from './match-record.ts';
import { evidencePrefix, parsePrefix, providerOf } from './prefixes.ts';
import type { Prefix } from './prefixes.ts';
import { RunningMatch } from './running-match.ts';
import type { OpenMatch } from './running-match.ts';
import type { NodeFigures } from './series-set.ts';
import { VETO_MS, VetoBook } from './veto-book.ts';
import { bestKnownNode, directBecause, weigh, weighBurst } from './weigh.ts';

/** Pairs of more matches at once are not kept: matches are opened all the same. */
export const MAX_PROVED_MATCHES = 64;
/** A longer round trip is none of a game. */
const MAX_ROUND_TRIP_MS = 10_000;
const MAX_NAME_LENGTH = 300;

/** What a {@link WayChooser} is made with. */
export interface ChooserOptions {
  /** Names of the nodes that may be used, the preferred one first. `direct` and `node` are no names. */
  readonly nodes: readonly string[];
  /** What the player has laid down; the first rule that fits counts. */
  readonly always?: readonly AlwaysRule[] | undefined;
  /** Servers that stay direct whatever is measured. */
  readonly never?: readonly NeverRule[] | undefined;
  /** Prefixes of one provider each, `A.B.C.D/BITS`. A server outside of them all has its /16 for a provider. */
  readonly providers?: readonly string[] | undefined;
}

/**
 * Decides whether a game server's flows go direct or by a node, by measured evidence (docs/choosing.md, The rule). It does no
 * I/O and has no clock. All times are milliseconds of one wall clock, as vetoes outlive the program. For each match call
 * {@link openMatch} at the first datagram. If the decision `wantsBurst`, send a burst, pass its pairs to {@link addShadowPair} and
 * call {@link reconsider}. Call {@link handleAnswer} at the server's first answer, {@link addShadowPair} for each shadow pair, and
 * {@link closeMatch} at the end. Memory is bounded, whatever is passed in (docs/choosing.md, Memory).
 */
export class WayChooser {
  #nodes: readonly string[];
  #rules: FixedRules;
  readonly #never: readonly NeverRule[];
  readonly #providers: readonly Prefix[];
  readonly #evidence = new EvidenceBook();
  readonly #memory = new MatchMemory();
  readonly #counter = new DecisionCounter();
  readonly #open = new Map<number, RunningMatch>();
  #nextId = 1;
  #refusedPairs = 0;
  /** Prefixes that stay direct. */
  readonly vetoes = new VetoBook();

  /** @throws {ChoiceError} `ERR_CHOICE_NODES`, `ERR_CHOICE_PREFIX` or `ERR_CHOICE_WAY`. */
  constructor({ nodes, always = [], never = [], providers = [] }: ChooserOptions) {
    this.#nodes = checkedNodes(nodes);
    this.#never = never;
    this.#rules = new FixedRules(nodes, always, never);
    this.#providers = providers.map(parsePrefix);
  }

  /** How many matches were decided by each kind of evidence. */
  get counts(): DecisionCounts {
    return this.#counter.counts;
  }

  /** Pairs that were of no node, or out of range. */
  get refusedPairs(): number {
    return this.#refusedPairs;
  }

  /** Matches that run and whose pairs are kept. */
  get openMatchCount(): number {
    return this.#open.size;
  }

  /** Changes which nodes may be used, as they come and go. Matches that run stay. @throws {ChoiceError} `ERR_CHOICE_NODES`. */
  setNodes(nodes: readonly string[]): void {
    this.#nodes = checkedNodes(nodes);
  }

  /** Changes what the player has laid down, for matches that begin from now on. @throws {ChoiceError} as the constructor. */
  setAlways(always: readonly AlwaysRule[]): void {
    this.#rules = new FixedRules(this.#nodes, always, this.#never);
  }

  /** Takes a pair of probes outside of a match. @returns false if it is of no node or out of range; it is counted then. */
  addPair(pair: ProbePair): boolean {
    const isTaken = this.#nodes.includes(pair.node) && isSensible(pair);
    if (isTaken) this.#evidence.add(pair);
    else this.#refusedPairs++;
    return isTaken;
  }

  /** What probes of the last ten minutes say of the server's /24, for each node. @param maxAgeMs for those of a shorter time */
  figuresFor(serverIp: number, nowMs: number, maxAgeMs?: number): NodeFigures[] {
    return this.#evidence.figuresFor(serverIp, nowMs, maxAgeMs).filter(({ node }) => this.#nodes.includes(node));
  }

  /** The way for a new flow to a server. Nothing is counted or kept: see {@link openMatch}. */
  decide(server: GameServer, nowMs: number): Decision {
    const always = this.#rules.alwaysFor(server);
    if (always !== undefined) return this.#always(always, server, nowMs);
    const never = this.#rules.neverFor(server);
    if (never !== undefined) return directBecause(never);
    const veto = this.vetoes.find(evidencePrefix(server.serverIp), nowMs);
    if (veto !== undefined) return { ...directBecause('veto'), node: veto.node };
    const provider = providerOf(this.#providers, server.serverIp);
    const game = server.game?.toLowerCase() ?? '';
    const matches = this.#nodes.flatMap((node) => this.#memory.speakFor(node, game, provider, nowMs) ?? []);
    return weigh({ nodes: this.#nodes, figures: this.figuresFor(server.serverIp, nowMs), matches }, nowMs);
  }

  /** Begins a match at a flow's first datagram: its way is decided, and counted. */
  openMatch(server: GameServer, nowMs: number): OpenMatch {
    const decision = this.decide(server, nowMs);
    const match = new RunningMatch(this.#nextId++, server, decision, nowMs, this.#open.size < MAX_PROVED_MATCHES);
    if (match.isProved) this.#open.set(match.id, match);
    this.#counter.add(decision, decision.way === DIRECT, 1);
    return match;
  }

  /** The server has answered: from now on the flow stays, unless its way is dead. */
  handleAnswer(match: OpenMatch): void {
    const running = this.#running(match);
    if (running !== undefined) running.isAnswered = true;
  }

  /**
   * Takes a pair of shadow probes of a match, or of its burst. It counts as evidence for the /24 as well.
   * @returns whether the match has turned out to be harmed just now: its prefix has a veto, and the match stays on its way.
   */
  addShadowPair(match: OpenMatch, pair: Omit<ProbePair, 'serverIp'>): boolean {
    const whole = { ...pair, serverIp: match.server.serverIp };
    const running = this.#running(match);
    if (!this.addPair(whole) || running === undefined) return false;
    running.add(whole);
    if (!running.findHarm(pair.atMs)) return false;
    this.#veto(running, pair.atMs);
    return true;
  }

  /**
   * How many pairs of shadow probes a node should get in the second that begins now. It is 1 if it is its turn, and 10 while the
   * direct way seems to lose. Ask once a second for each node.
   */
  shadowPairs(match: OpenMatch, node: string, nowMs: number): number {
    if (!this.#nodes.includes(node)) return 0;
    return this.#running(match)?.shadowPairs(node, this.#nodes, nowMs) ?? 0;
  }

  /**
   * Decides again by the pairs of the match's burst. It is called when they are there.
   * @returns the decision by which the flow moves; undefined if it stays, as it always does once the server has answered.
   */
  reconsider(match: OpenMatch, nowMs: number): Decision | undefined {
    const running = this.#running(match);
    if (running === undefined || running.isAnswered || !running.decision.wantsBurst) return undefined;
    const { way } = running.decision;
    const decision = weighBurst(running.decision, this.#usable(running.figures()), nowMs);
    if (decision === undefined) return undefined;
    this.#counter.add(running.decision, way === DIRECT, -1);
    this.#counter.add(decision, decision.way === DIRECT, 1);
    running.move(decision, nowMs);
    return decision.way === way ? undefined : decision;
  }

  /**
   * The match's way carries nothing any more. What rules lay down stays as it is.
   * @returns the decision by which the flow moves, undefined if there is no other way.
   */
  handleDeadWay(match: OpenMatch, nowMs: number): Decision | undefined {
    const running = this.#running(match);
    if (running === undefined) return undefined;
    const { server, decision: before } = running;
    if (before.evidence === 'always' || this.#rules.neverFor(server) !== undefined) return undefined;
    const node = bestKnownNode(this.figuresFor(server.serverIp, nowMs)) ?? this.#nodes.at(0);
    const way = before.way === DIRECT ? node : DIRECT;
    if (way === undefined) return undefined;
    const decision: Decision = { ...directBecause('way-dead'), way };
    running.move(decision, nowMs);
    return decision;
  }

  /**
   * Ends a match, and remembers for seven days what its shadow probes proved.
   * @returns its record; the caller keeps it.
   * @throws {ChoiceError} `ERR_CHOICE_CLOSED` if it was closed before.
   */
  closeMatch(match: OpenMatch, nowMs: number): MatchRecord {
    if (!(match instanceof RunningMatch) || (match.isProved && !this.#open.delete(match.id))) {
      throw new ChoiceError('ERR_CHOICE_CLOSED', `got match ${match.id.toString()}; allowed is one that openMatch gave, once`);
    }
    if (match.findHarm(nowMs) || (!match.isHarmed && match.hasLostMore())) this.#veto(match, nowMs);
    const provider = providerOf(this.#providers, match.server.serverIp);
    const record = recordOf(match, provider, nowMs);
    for (const { node, answered: pairs, directMs, gainMs, intervalMs, p90GainMs } of record.proofs) {
      if (intervalMs === undefined) continue;
      const [lowMs, highMs] = intervalMs;
      const game = match.server.game?.toLowerCase() ?? '';
      this.#memory.add({ game, provider, node, endMs: nowMs, pairs, directMs, gainMs, lowMs, highMs, p90GainMs });
    }
    return record;
  }

  /** What is to outlive the program. */
  exportState(nowMs: number): ChooserState {
    return { matches: this.#memory.list(nowMs), vetoes: this.vetoes.list(nowMs) };
  }

  /** Adds what {@link exportState} gave, of whatever form it is by now. It never throws. */
  importState(state: unknown, nowMs: number): ImportResult {
    const { matches, vetoes, refused } = parseState(state, nowMs);
    for (const match of matches) this.#memory.add(match);
    for (const veto of vetoes) this.vetoes.add(veto);
    return { matches: matches.length, vetoes: vetoes.length, refused };
  }

  #always(way: string, { serverIp }: GameServer, nowMs: number): Decision {
    const wanted = way === ANY_NODE ? (bestKnownNode(this.figuresFor(serverIp, nowMs)) ?? this.#nodes.at(0)) : way;
    if (wanted === undefined || (wanted !== DIRECT && !this.#nodes.includes(wanted))) return directBecause('no-node');
    return { way: wanted, reason: 'always', evidence: 'always', pairs: 0, wantsBurst: false };
  }

  #usable(figures: readonly NodeFigures[]): NodeFigures[] {
    return figures.filter(({ node }) => this.#nodes.includes(node));
  }

  #veto(match: RunningMatch, nowMs: number): void {
    match.isHarmed = true;
    this.vetoes.add({ prefix: evidencePrefix(match.server.serverIp), node: match.decision.way, untilMs: nowMs + VETO_MS });
  }

  #running(match: OpenMatch): RunningMatch | undefined {
    return this.#open.get(match.id);
  }
}

function checkedNodes(nodes: readonly string[]): readonly string[] {
  const fault = nodes.find((node, at) => node === '' || node === DIRECT || node === ANY_NODE || nodes.indexOf(node) !== at);
  if (fault === undefined) return [...nodes];
  throw new ChoiceError(
    'ERR_CHOICE_NODES',
    `got the node ${JSON.stringify(fault)}; allowed are different names that are not empty, direct or node`,
  );
}

function isSensible({ kind, directMs, nodeMs, atMs }: ProbePair): boolean {
  const isRoundTrip = (ms: number | null) => ms === null || (ms >= 0 && ms <= MAX_ROUND_TRIP_MS);
  return isRoundTrip(directMs) && isRoundTrip(nodeMs) && Number.isFinite(atMs) && kind.length <= MAX_NAME_LENGTH;
}
