import { Prober } from '@lightspeed/probe';
import { DIRECT } from '@lightspeed/choice';
import type { OpenMatch } from '@lightspeed/choice';
import { formatEndpoint, formatIpv4, formatSocketAddress } from '@lightspeed/wire';
import type { NodeStatus } from '../control/fleet-node.ts';
import type { MeasuredPair } from '../evidence/shadow-prober.ts';
import { NodeNames } from '../page/node-names.ts';
import type { PageModel } from '../page/page-model.ts';
import type { NotCaught, PageFacts, PageLoss } from '../page/page-state.ts';
import { RouterWatch } from '../probes/router-watch.ts';
import type { RunningTunnel } from '../run/running-tunnel.ts';
import type { TunnelStats } from '../run/stats.ts';
import { fallbackText } from './engine-words.ts';
import type { Always, Evidence } from './evidence.ts';
import type { DirectionLoss } from './loss.ts';
import { LossRuns } from './loss-runs.ts';
import { comparedNode, evidenceFacts } from './page-evidence.ts';
import { PageServers } from './page-servers.ts';
import { protectionText } from './protection-text.ts';
import { protectionOf } from './report-sample.ts';
import type { Traffic } from './traffic.ts';
import type { TunnelWatcher } from './tunnel-report.ts';

/** Events that a player should find on the page, too. */
const WORTH_NOTING = ['lost', 'moved', 'harm', 'draining', 'destination-refused', 'capture', 'released', 'game-server', 'egress-filtering'];
const EVIDENCE_MISSING = 'nothing compares it with going directly';
/** What nodes say whose operators say nothing. */
const UNNAMED_REGION = 'default';
/** So many samples apart the helper is asked what it has let pass. */
const NOT_CAUGHT_EVERY = 5;

/** What a page is about. */
export interface PageViewOptions {
  readonly tunnel: RunningTunnel;
  /** What compares the ways; undefined if nothing does. */
  readonly evidence: Evidence | undefined;
  /** The game's program, where it is known. */
  readonly program: string | undefined;
  /** Which way everything goes, as the command line says. */
  readonly always: Always | undefined;
  /** What goes its own way; undefined where nothing is caught. */
  readonly notCaught: (() => Promise<readonly NotCaught[]>) | undefined;
}

/** Lays down on the page what a tunnel knows of itself: nodes, round trips, loss, servers, and the address that they see. */
export class PageView implements TunnelWatcher {
  readonly #model: PageModel;
  readonly #options: PageViewOptions;
  readonly #named: string;
  readonly #servers: PageServers;
  readonly #runs = new LossRuns();
  readonly #routers = new RouterWatch(new Prober(), Date.now);
  #names = new NodeNames([]);
  #isCompared = false;
  #samples = 0;

  constructor(model: PageModel, options: PageViewOptions) {
    const { tunnel, evidence, program, notCaught } = options;
    this.#model = model;
    this.#options = options;
    if (evidence !== undefined) evidence.measured = (match, pairs) => this.#measured(match, pairs);
    this.#named = formatSocketAddress(tunnel.node);
    this.#nameNodes(tunnel.nodes);
    this.#servers = new PageServers(program ?? null);
    for (const { gameServer, name } of tunnel.ingresses)
      this.#servers.add(formatEndpoint(gameServer.ip, gameServer.port), 'node', name ?? null);
    tunnel.on('flowCounts', (counts) => this.#servers.count(counts));
    const flows = this.#servers.flows([], this.#names.of(this.#named), null);
    if (tunnel.ioFellBack) model.warn(fallbackText(tunnel.ioReason));
    model.update({ phase: 'starting', notCaught: notCaught === undefined ? null : [], flows });
  }

  event(event: string, text: string, fields: object): void {
    if (WORTH_NOTING.includes(event)) this.#model.warn(text);
    if (event !== 'server') return;
    const { server, game, way } = fields as { readonly server: string; readonly game: string | null; readonly way: 'direct' | 'node' };
    this.#servers.add(server, way, game);
  }

  sample(stats: TunnelStats, traffic: Traffic, nodes: readonly NodeStatus[]): void {
    const { tunnel, evidence } = this.#options;
    this.#nameNodes(nodes);
    tunnel.countFlows();
    if (this.#samples++ % NOT_CAUGHT_EVERY === 0) void this.#tellNotCaught();
    const way = nodes.find(({ used }) => used)?.name ?? this.#named;
    const regionOf = (name: string) => toldRegion(nodes.find((node) => node.name === name)?.session?.region);
    const loss = this.#lossOf(stats, traffic);
    const routersTo = ({ serverIp, serverPort: port }: OpenMatch['server']) => this.#routers.look({ ip: formatIpv4(serverIp), port });
    const facts = evidence && evidenceFacts(evidence, { way, names: this.#names, regionOf, loss, routersTo }, Date.now());
    const isUp = stats.state === 'established';
    this.#model.update({
      phase: isUp ? 'connected' : 'lost',
      verdict: this.#unmeasured(way),
      nodes: nodes.map(({ name, used, up, rttMs = null, loadPercent = null }) => {
        return { name: this.#names.of(name), address: name, region: regionOf(name), used, up, rttMs, loadPercent };
      }),
      loss,
      ...facts,
      seenAs: seenAs(this.#options.always === DIRECT ? DIRECT : evidence?.ways.latest(1).at(0)?.match.decision.way, nodes),
      rules: evidence?.rules ?? [],
      flows: this.#servers.flows(facts?.flows ?? [], this.#names.of(way), regionOf(way)),
    });
    if (this.#isCompared) return;
    this.#model.beginSeries({ measures: 'node', target: this.#names.of(way), node: this.#names.of(way) });
    this.#model.addPoint({ atMs: Date.now(), nodeMs: isUp ? (stats.rtt?.latestMs ?? null) : null });
  }

  /** Where nothing is compared. */
  #unmeasured(way: string): PageFacts['verdict'] {
    const isDirect = this.#options.always === DIRECT;
    const because = isDirect ? '--always direct says so, and nothing is measured then' : EVIDENCE_MISSING;
    return { kind: 'unmeasured', way: isDirect ? DIRECT : this.#names.of(way), because, pairs: 0, neededPairs: 0 };
  }

  #nameNodes(nodes: readonly NodeStatus[]): void {
    const registered = nodes.map(({ name, session }) => ({ name, nodeId: session?.nodeId }));
    this.#names = new NodeNames(registered.length > 0 ? registered : [{ name: this.#named, nodeId: undefined }]);
  }

  #measured(match: OpenMatch, pairs: readonly MeasuredPair[]): void {
    const current = this.#options.evidence?.ways.latest(1).at(0);
    const node = current?.match.id === match.id ? comparedNode(current)?.node : undefined;
    if (node === undefined) return;
    this.#isCompared = true;
    const target = formatEndpoint(match.server.serverIp, match.server.serverPort);
    this.#model.beginSeries({ measures: 'server', target, node: this.#names.of(node) });
    const pair = pairs.findLast((one) => one.node === node);
    if (pair !== undefined) this.#model.addPoint(pair);
  }

  /** Without the helper's figures it is told all the same. */
  async #tellNotCaught(): Promise<void> {
    const notCaught = await this.#options.notCaught?.();
    if (notCaught !== undefined) this.#model.update({ notCaught });
  }

  #lossOf({ counters }: TunnelStats, { up, down }: Traffic): PageFacts['loss'] {
    const runs = this.#runs.sample(counters);
    const step = protectionOf(counters);
    return {
      up: up === undefined ? null : lossOf(up, runs.up, step === undefined ? null : protectionText(step)),
      down: lossOf(down, runs.down, null),
    };
  }
}

/** Null from a node whose operator has named no place. */
function toldRegion(region: string | undefined): string | null {
  return region === undefined || region === '' || region === UNNAMED_REGION ? null : region;
}

/** The address that game servers see. @param way of the match that runs; undefined for that of the node in use. */
function seenAs(way: string | undefined, nodes: readonly NodeStatus[]): string | null {
  const used = nodes.find((node) => node.used);
  if (way === DIRECT && used !== undefined) {
    const own = used.session?.observed?.host;
    return `your own address${own === undefined ? '' : `, ${own}`}, since this goes directly`;
  }
  const { egress } = (nodes.find(({ name }) => name === way) ?? used)?.session ?? {};
  return egress === undefined ? null : formatIpv4(egress.ip);
}

/** Both shares are of the same two minutes. */
function lossOf(direction: DirectionLoss, meanRun: number | null, protection: string | null): PageLoss {
  const { longLossRatio = null, unrepairedRatio = null, unrepairedError = null, expected } = direction;
  return { before: longLossRatio, after: unrepairedRatio, afterError: unrepairedError, packets: expected, meanRun, protection };
}
