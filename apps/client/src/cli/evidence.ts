import { ANY_NODE, DIRECT, WayChooser } from '@lightspeed/choice';
import type { AlwaysRule, NeverRule, OpenMatch } from '@lightspeed/choice';
import { EvidenceWays } from '../evidence/evidence-ways.ts';
import { decisionText, recordText } from '../evidence/match-words.ts';
import { ShadowProber } from '../evidence/shadow-prober.ts';
import type { MeasuredPair } from '../evidence/shadow-prober.ts';
import { History } from '../history/history.ts';
import { PairProber } from '../probes/pair-prober.ts';
import { labelOf } from '../profiles/label.ts';
import { listGames } from '../profiles/profiles.ts';
import type { RunningTunnel } from '../run/running-tunnel.ts';
import { formatIpv4 } from '@lightspeed/wire';
import { historyFile } from './state-folder.ts';
import type { TunnelReport } from './tunnel-report.ts';

const TICK_MS = 1_000;
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
  /** Hears of pairs that were measured. */
  readonly measured?: ((match: OpenMatch, pairs: readonly MeasuredPair[]) => void) | undefined;
}

/** Measures the servers of a tunnel's flows, says which way they go, and keeps what their matches have shown. */
export class Evidence implements Disposable {
  readonly ways: EvidenceWays;
  readonly chooser: WayChooser;
  readonly history: History;
  readonly #prober: ShadowProber;
  readonly #timer: NodeJS.Timeout;

  private constructor(ways: EvidenceWays, chooser: WayChooser, history: History, prober: ShadowProber) {
    this.ways = ways;
    this.chooser = chooser;
    this.history = history;
    this.#prober = prober;
    this.#timer = setInterval(() => ways.tick(), TICK_MS);
    this.#timer.unref();
  }

  /** @throws {ClientError} (rejection) `ERR_CLIENT_CONFIG` for a faulty file of games. */
  static async start(tunnel: RunningTunnel, report: TunnelReport, options: EvidenceOptions): Promise<Evidence> {
    const games = await listGames();
    const history = await History.open(historyFile(), (text) => report.event('history', `warning: ${text}`));
    const always: AlwaysRule[] = games.flatMap(({ name: game, always: way }) => (way === undefined ? [] : [{ way, game }]));
    if (!options.isDecided) always.unshift({ way: ANY_NODE });
    const never: NeverRule[] = games.flatMap(({ name: game, never: reason }) => (reason === undefined ? [] : [{ reason, game }]));
    const chooser = new WayChooser({ nodes: [], always, never });
    chooser.importState(history.chooserState(Date.now()), Date.now());
    const prober = new ShadowProber(new PairProber(), Date.now);
    const program = options.programs.find((name) => labelOf(games, name, 0) !== undefined);
    let told = 0;
    const tell = (event: string, text: string, fields: object) => {
      if (told++ < MOST_TOLD) report.event(event, text, fields);
    };
    const ways = new EvidenceWays(
      chooser,
      prober,
      {
        // What is not decided here goes by the node in use: only that one is worth a comparison.
        nodes: () => tunnel.measuringNodes.filter(({ used }) => options.isDecided || used),
        gameOf: (port) => labelOf(games, program, port),
        setFlowWay: (id, node, isForced) => {
          if (options.isDecided) tunnel.setFlowWay(id, node, isForced);
        },
        decided: (match, decision) => {
          const { way, reason, evidence, gainMs = null, intervalMs = null, pairs } = decision;
          if (options.isDecided)
            tell('way', decisionText(match.server, decision), { ...serverOf(match), way, reason, evidence, gainMs, intervalMs, pairs });
        },
        harmed: (match) => {
          history.keepVetoes(chooser.exportState(Date.now()).vetoes);
          const { way } = match.decision;
          tell('harm', `${way} makes this match worse than the direct way. It stays there; the next one goes directly`, {
            ...serverOf(match),
            way,
          });
        },
        ended: (record) => {
          history.add(record);
          history.keepVetoes(chooser.exportState(Date.now()).vetoes);
          const { decision, savedMs = null, harmMs = null, isVetoed } = record;
          tell('match', recordText(record), { ...serverOf({ server: record }), way: decision.way, savedMs, harmMs, isVetoed });
        },
        measured: (match, pairs) => options.measured?.(match, pairs),
      },
      Date.now,
    );
    tunnel.on('flow', (message) => ways.take(message));
    return new Evidence(ways, chooser, history, prober);
  }

  /** Ends all matches, and keeps them. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.ways.close();
    this.#prober[Symbol.dispose]();
    this.history[Symbol.dispose]();
  }
}

/** Whether flows are told of, and whether this program says their ways. */
export function flowsTold(isDecided: boolean, always: Always | undefined): 'decided' | 'told' | undefined {
  if (always === DIRECT) return undefined;
  return isDecided && always === undefined ? 'decided' : 'told';
}

function serverOf({ server: { serverIp, serverPort, game } }: Pick<OpenMatch, 'server'>): object {
  return { server: `${formatIpv4(serverIp)}:${serverPort}`, game: game ?? null };
}
