import { formatEndpoint, formatIpv4, formatSocketAddress } from '@lightspeed/wire';
import type { OpenMatch } from '@lightspeed/choice';
import type { NodeStatus } from '../control/fleet-node.ts';
import type { MeasuredPair } from '../evidence/shadow-prober.ts';
import type { PageModel } from '../page/page-model.ts';
import type { PageFlow, PageLoss } from '../page/page-state.ts';
import type { RunningTunnel } from '../run/running-tunnel.ts';
import type { TunnelStats } from '../run/stats.ts';
import type { Evidence } from './evidence.ts';
import type { DirectionLoss } from './loss.ts';
import { comparedNode, evidenceFacts } from './page-evidence.ts';
import { protectionOf } from './report-sample.ts';
import type { Traffic } from './traffic.ts';
import type { TunnelWatcher } from './tunnel-report.ts';

/** Events that a player should find on the page, too. */
const WORTH_NOTING = ['lost', 'moved', 'harm', 'draining', 'destination-refused', 'capture', 'released', 'game-server', 'egress-filtering'];
/** Servers that are kept, of a program that speaks with very many. */
const MAX_SERVERS = 200;
const EVIDENCE_MISSING = 'nothing compares this way with the direct one';

/** Lays down on the page what a tunnel knows of itself: nodes, round trips, loss, servers, and the address that they see. */
export class PageView implements TunnelWatcher {
  readonly #model: PageModel;
  readonly #named: string;
  readonly #evidence: Evidence | undefined;
  #isCompared = false;
  readonly #servers = new Map<string, PageFlow>();

  /** @param evidence what compares the ways; undefined if nothing does. */
  constructor(model: PageModel, tunnel: RunningTunnel, isCaught: boolean, evidence?: Evidence) {
    this.#model = model;
    this.#evidence = evidence;
    if (evidence !== undefined) evidence.measured = (match, pairs) => this.#measured(match, pairs);
    this.#named = formatSocketAddress(tunnel.node);
    for (const { gameServer, name } of tunnel.ingresses) {
      this.#add(formatEndpoint(gameServer.ip, gameServer.port), name ?? null, 'node', null);
    }
    model.update({ phase: 'starting', notCaught: isCaught ? [] : null, flows: this.#flows(this.#named) });
  }

  event(event: string, text: string, fields: object): void {
    if (WORTH_NOTING.includes(event)) this.#model.warn(text);
    if (event !== 'server') return;
    const { server, game, way } = fields as { readonly server: string; readonly game: string | null; readonly way: string };
    this.#add(server, null, way, game);
  }

  sample(stats: TunnelStats, traffic: Traffic, nodes: readonly NodeStatus[]): void {
    const { state, rtt, counters } = stats;
    const used = nodes.find((node) => node.used);
    const way = used?.name ?? this.#named;
    const egress = used?.session?.egress;
    const facts = this.#evidence && evidenceFacts(this.#evidence, way, Date.now());
    this.#model.update({
      phase: state === 'established' ? 'connected' : 'lost',
      verdict: { kind: 'unmeasured', way, because: EVIDENCE_MISSING, pairs: 0, neededPairs: 0 },
      nodes: nodes.map(({ name, used, up, rttMs, loadPercent, session }) => ({
        name,
        region: session?.region ?? null,
        used,
        up,
        rttMs: rttMs ?? null,
        loadPercent: loadPercent ?? null,
      })),
      loss: { up: traffic.up === undefined ? null : lossOf(traffic.up, protectionOf(counters)), down: lossOf(traffic.down) },
      seenAs: egress === undefined ? null : formatIpv4(egress.ip),
      ...facts,
      rules: this.#evidence?.rules ?? [],
      flows: this.#withServers(facts?.flows ?? [], way),
    });
    if (this.#isCompared) return;
    this.#model.beginSeries({ measures: 'node', target: way, node: way });
    this.#model.addPoint({ atMs: Date.now(), nodeMs: state === 'established' ? (rtt?.latestMs ?? null) : null });
  }

  #measured(match: OpenMatch, pairs: readonly MeasuredPair[]): void {
    const current = this.#evidence?.ways.latest(1).at(0);
    const node = current?.match.id === match.id ? comparedNode(current)?.node : undefined;
    if (node === undefined) return;
    this.#isCompared = true;
    this.#model.beginSeries({ measures: 'server', target: formatEndpoint(match.server.serverIp, match.server.serverPort), node });
    const pair = pairs.findLast((one) => one.node === node);
    if (pair !== undefined) this.#model.addPoint(pair);
  }

  /** Flows that evidence knows, and servers that it does not: those of rules. */
  #withServers(flows: readonly PageFlow[], way: string): PageFlow[] {
    const known = new Set(flows.map(({ server }) => server));
    return [...flows, ...this.#flows(way).filter(({ server }) => !known.has(server))];
  }

  /** @param way of those that go by the node in use. */
  #flows(way: string): PageFlow[] {
    return [...this.#servers.values()].map((flow) => (flow.way === 'node' ? { ...flow, way } : flow));
  }

  #add(server: string, name: string | null, way: string, game: string | null): void {
    if (this.#servers.size >= MAX_SERVERS && !this.#servers.has(server)) return;
    this.#servers.set(server, {
      program: name,
      game,
      server,
      region: null,
      way,
      reason: null,
      evidence: null,
      evidenceAgeS: null,
      packetsUp: null,
      packetsDown: null,
    });
  }
}

/** Both shares are of the same two minutes. */
function lossOf({ longLossRatio, unrepairedRatio, unrepairedError, expected }: DirectionLoss, protection?: string): PageLoss {
  return {
    before: longLossRatio ?? null,
    after: unrepairedRatio ?? null,
    afterError: unrepairedError ?? null,
    packets: expected,
    runs: null,
    protection: protection ?? null,
  };
}
