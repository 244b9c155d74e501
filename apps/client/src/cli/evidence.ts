import { ANY_NODE, DIRECT, WayChooser } from '@lightspeed/choice';
import type { AlwaysRule, Decision, DecisionCounts, MatchRecord, NeverRule, OpenMatch } from '@lightspeed/choice';
import type { MeasuringNode } from '../control/fleet-node.ts';
import { EvidenceWays } from '../evidence/evidence-ways.ts';
import type { EvidenceListener } from '../evidence/evidence-ways.ts';
import { decisionText, recordText } from '../evidence/match-words.ts';
import { RulesFile } from '../evidence/rules-file.ts';
import { ShadowProber } from '../evidence/shadow-prober.ts';
import type { MeasuredPair } from '../evidence/shadow-prober.ts';
import { HISTORY_DAYS, History } from '../history/history.ts';
import { PairProber } from '../probes/pair-prober.ts';
import { labelOf } from '../profiles/label.ts';
import type { GameProfile } from '../profiles/known-games.ts';
import { listGames } from '../profiles/profiles.ts';
import { NEVER_NETWORKS } from '../profiles/never-by-node.ts';
import type { PageRule } from '../page/page-state.ts';
import type { HistoryMatch, MatchLoss } from '../history/history-match.ts';
import type { TunnelStats } from '../run/stats.ts';
import type { RunningTunnel } from '../run/running-tunnel.ts';
import { formatEndpoint } from '@lightspeed/wire';
import type { DirectionLoss } from './loss.ts';
import { historyFile, waysFile } from './state-folder.ts';
import { totalLoss } from './traffic.ts';
import type { TunnelReport } from './tunnel-report.ts';

const TICK_MS = 1_000;
const DAY_MS = 86_400_000;
/** So many matches that are over are shown. */
const MOST_KEPT = 50;
/** More matches are not told of: a server browser would fill the terminal. */
const MOST_TOLD = 50;

/** Which way everything goes, whatever is measured. */
export type Always = 'node' | 'direct';

/** What a command says about evidence. */
export interface EvidenceOptions {
  /** Whether flows go as it says. Otherwise they go by the node, and it is only told what it would say. */
  readonly isDecided: boolean;
  /** Programs of which one may be the game's. */
  readonly programs: readonly string[];
  /** As `EvidenceListener` has it; nothing is known where the kernel carries no flows. */
  readonly kernelSilenceMs?: EvidenceListener['kernelSilenceMs'] | undefined;
}

/** What is read before a tunnel starts. */
interface Known {
  readonly games: readonly GameProfile[];
  readonly history: History;
  readonly rules: RulesFile;
}

/** Measures the servers of a tunnel's flows, says which way they go, and keeps what their matches have shown. */
export class Evidence implements Disposable {
  readonly ways: EvidenceWays;
  readonly history: History;
  readonly #chooser: WayChooser;
  readonly #known: Known;
  readonly #isDecided: boolean;
  readonly #report: TunnelReport;
  readonly #tunnel: RunningTunnel;
  readonly #prober = new ShadowProber(new PairProber(), Date.now);
  readonly #timer: NodeJS.Timeout;
  /** Hears of pairs that were measured. */
  measured: (match: OpenMatch, pairs: readonly MeasuredPair[]) => void = () => undefined;
  /** What the tunnel had counted when a match began. */
  readonly #before = new Map<number, TunnelStats>();
  #kept: readonly HistoryMatch[] = [];
  #told = 0;

  /**
   * Reads what it needs. What it gives is called when the tunnel has started, before anything else is waited for.
   * @throws {ClientError} (rejection) `ERR_CLIENT_CONFIG` for a faulty file of games.
   */
  static async prepare(
    options: EvidenceOptions,
    warn: (text: string) => void,
  ): Promise<(tunnel: RunningTunnel, report: TunnelReport) => Evidence> {
    const games = await listGames();
    const rules = await RulesFile.open(waysFile(), warn);
    const history = await History.open(historyFile(), warn);
    return (tunnel, report) => new Evidence({ games, history, rules }, options, tunnel, report);
  }

  private constructor(
    known: Known,
    { isDecided, programs, kernelSilenceMs }: EvidenceOptions,
    tunnel: RunningTunnel,
    report: TunnelReport,
  ) {
    const { games, history } = known;
    const byGame: NeverRule[] = games.flatMap(({ name: game, never: reason }) => (reason === undefined ? [] : [{ reason, game }]));
    this.#known = known;
    this.history = history;
    this.#isDecided = isDecided;
    this.#tunnel = tunnel;
    this.#report = report;
    this.#chooser = new WayChooser({ nodes: [], always: this.#always(), never: [...byGame, ...NEVER_NETWORKS] });
    this.#chooser.importState(history.chooserState(Date.now()), Date.now());
    this.#readKept();
    const program = programs.find((name) => labelOf(games, name, 0) !== undefined);
    this.ways = new EvidenceWays(
      this.#chooser,
      this.#prober,
      {
        nodes: () => this.nodes(),
        measureNodes: () => tunnel.measureNodes(),
        kernelSilenceMs: (flow) => kernelSilenceMs?.(flow) ?? Promise.resolve(undefined),
        gameOf: (port) => labelOf(games, program, port),
        setFlowWay: (id, node, isForced) => {
          if (isDecided) tunnel.setFlowWay(id, node, isForced);
        },
        decided: (match, decision) => this.#decided(match, decision),
        harmed: (match) => this.#harmed(match),
        ended: (record, match) => this.#ended(record, match),
        dropped: ({ id }) => void this.#before.delete(id),
        measured: (match, pairs) => this.measured(match, pairs),
      },
      Date.now,
    );
    tunnel.on('flow', (message) => this.ways.take(message));
    this.#timer = setInterval(() => this.ways.tick(), TICK_MS);
    this.#timer.unref();
  }

  /** What is not decided here goes by the node in use: only that one is worth a comparison. */
  nodes(): readonly MeasuringNode[] {
    return this.#tunnel.measuringNodes.filter(({ used }) => this.#isDecided || used);
  }

  /** The matches that ended last, the latest first. Those of other clients are seen when one of this client ends. */
  get kept(): readonly HistoryMatch[] {
    return this.#kept;
  }

  /** Whether flows go as evidence says. Otherwise they go by the node. */
  get isDecided(): boolean {
    return this.#isDecided;
  }

  get counts(): DecisionCounts {
    return this.#chooser.counts;
  }

  /** What the player has laid down on the page. */
  get rules(): readonly PageRule[] {
    return this.#known.rules.rules;
  }

  /** Lays a rule down for matches that begin from now on. @throws (rejection) with what to tell the player */
  async change(rule: PageRule): Promise<void> {
    if (!this.#isDecided) throw new Error('this command sends everything by the node: rules are for run, gateway, catch and socks');
    await this.#known.rules.change(rule);
    this.#chooser.setAlways(this.#always());
  }

  /** Ends all matches, and keeps them. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.ways.close();
    this.#prober[Symbol.dispose]();
    this.history[Symbol.dispose]();
  }

  #always(): AlwaysRule[] {
    if (!this.#isDecided) return [{ way: ANY_NODE }];
    const { games, rules } = this.#known;
    const laidDown = rules.rules.map(({ servers, game, way }) => ({
      way,
      game,
      prefix: servers === undefined || servers.includes('/') ? servers : `${servers}/32`,
    }));
    return [...laidDown, ...games.flatMap(({ name: game, always: way }) => (way === undefined ? [] : [{ way, game }]))];
  }

  #decided(match: OpenMatch, decision: Decision): void {
    if (!this.#before.has(match.id)) this.#before.set(match.id, this.#tunnel.stats());
    if (!this.#isDecided) return;
    const { way, reason, evidence, gainMs, intervalMs, pairs } = decision;
    const fields = { way, reason, evidence, gainMs: gainMs ?? null, intervalMs: intervalMs ?? null, pairs };
    this.#tell('way', decisionText(match.server, decision), { ...serverOf(match), ...fields });
  }

  #harmed(match: OpenMatch): void {
    this.#keepVetoes();
    const { way } = match.decision;
    this.#tell('harm', `${way} makes this match worse than the direct way. It stays there, and the next one goes directly`, {
      ...serverOf(match),
      way,
    });
  }

  #ended(record: MatchRecord, match: OpenMatch): void {
    this.history.add(record, this.#lossOf(record, match));
    this.#readKept();
    this.#keepVetoes();
    const { decision, savedMs, harmMs, isVetoed } = record;
    this.#tell('match', recordText(record), {
      ...serverOf({ server: record }),
      way: decision.way,
      savedMs: savedMs ?? null,
      harmMs: harmMs ?? null,
      isVetoed,
    });
  }

  /** Of all that the tunnel carried meanwhile: nobody counts it for one server. */
  #lossOf({ decision }: MatchRecord, { id }: OpenMatch): MatchLoss {
    const before = this.#before.get(id);
    this.#before.delete(id);
    if (decision.way === DIRECT || before === undefined) return {};
    const { up, down } = totalLoss(this.#tunnel.stats(), before);
    return { up: up && sharesOf(up), down: sharesOf(down) };
  }

  #readKept(): void {
    this.#kept = this.history
      .list({ sinceMs: Date.now() - HISTORY_DAYS * DAY_MS })
      .slice(-MOST_KEPT)
      .reverse();
  }

  #keepVetoes(): void {
    this.history.keepVetoes(this.#chooser.exportState(Date.now()).vetoes);
  }

  #tell(event: string, text: string, fields: object): void {
    if (this.#told++ < MOST_TOLD) this.#report.event(event, text, fields);
  }
}

/** Whether flows are told of, and whether this program says their ways. Where a way is laid down for all, nothing is measured. */
export function flowsTold(isDecided: boolean, always: Always | undefined): 'decided' | 'told' | undefined {
  if (always !== undefined) return undefined;
  return isDecided ? 'decided' : 'told';
}

function serverOf({ server: { serverIp, serverPort, game } }: Pick<OpenMatch, 'server'>): object {
  return { server: formatEndpoint(serverIp, serverPort), game: game ?? null };
}

function sharesOf({ lossRatio, unrepairedRatio }: DirectionLoss): MatchLoss['down'] {
  return lossRatio === undefined || unrepairedRatio === undefined ? undefined : { before: lossRatio, after: unrepairedRatio };
}
