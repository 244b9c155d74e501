import { formatProtect } from '@lightspeed/session';
import type { ParsedProtect } from '../settings/protection-settings.ts';
import { formatEndpoint, formatSocketAddress } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { ownIpv4Addresses } from '../base/own-ipv4.ts';
import type { RunningTunnel } from '../run/running-tunnel.ts';
import type { TunnelStats } from '../run/stats.ts';
import { fallbackText } from './engine-words.ts';
import type { Terminal } from './terminal.ts';
import type { NodeStatus } from '../control/fleet-node.ts';
import { describeSample, describeTotal, lossForPrograms, protectionOf, nodeForPrograms, pathForPrograms } from './report-sample.ts';
import type { PathTraffic } from './path-meter.ts';
import { describeRefused } from './refusals.ts';
import { allWays, totalLoss } from './traffic.ts';
import type { Traffic } from './traffic.ts';

/** Seconds between lines where there is no live line. */
const PLAIN_INTERVAL = 5;

/** Hears what is told of a tunnel, beside whoever reads the terminal. */
export interface TunnelWatcher {
  event(event: string, text: string, fields: object): void;
  /** Once a second. */
  sample(stats: TunnelStats, traffic: Traffic, nodes: readonly NodeStatus[]): void;
}

/** What `play` and `socks` tell: for people on a terminal, for people's log files, or for programs. */
export class TunnelReport {
  readonly #terminal: Terminal;
  readonly #json: boolean;
  #samples = 0;
  #watcher: TunnelWatcher | undefined;
  /** What stands in the way of a session, as it was told last. */
  #trouble: string | undefined;

  constructor(terminal: Terminal, json: boolean) {
    this.#terminal = terminal;
    this.#json = json;
  }

  started(tunnel: RunningTunnel, { fecGroupSize, protection }: ParsedProtect): void {
    const node = formatSocketAddress(tunnel.node);
    const socks = tunnel.socks && formatEndpoint(tunnel.socks.ip, tunnel.socks.port);
    const ingresses = tunnel.ingresses.map(({ listen, gameServer, name }) => ({
      listen: formatEndpoint(listen.ip, listen.port),
      addresses: addressesOf(listen),
      gameServer: formatEndpoint(gameServer.ip, gameServer.port),
      name: name ?? null,
    }));
    if (tunnel.ioFellBack) {
      this.#terminal.error(fallbackText(tunnel.ioReason));
    }
    if (this.#json) {
      const nodes = tunnel.nodes.map(nodeForPrograms);
      this.#terminal.json({
        event: 'started',
        node,
        nodes,
        io: tunnel.io,
        ioReason: tunnel.ioReason,
        protect: protection === undefined ? null : formatProtect(protection.mode),
        fecGroupSize,
        ingresses,
        socks: socks ?? null,
      });
      return;
    }
    for (const { name, session, isOfEarlierRun } of tunnel.nodes) {
      const who = session === undefined ? 'not registered yet' : `registered with ${session.nodeId} ${session.region}`.trim();
      this.#terminal.line(`node ${name}: ${who}${isOfEarlierRun ? ', in the session of the run before' : ''}`);
    }
    const groups = fecGroupSize === 0 ? 'protection off' : `protection groups:${fecGroupSize}`;
    const how = protection === undefined ? groups : `protection ${formatProtect(protection.mode)}`;
    this.#terminal.line(`tunnel to node ${node} (${how}, ${tunnel.io} engine: ${tunnel.ioReason})`);
    for (const { addresses, gameServer, name } of ingresses) {
      const server = name === null ? gameServer : `${name} (${gameServer})`;
      this.#terminal.line(`point the game at ${this.#anyOf(addresses)} to play on ${server}`);
    }
    if (tunnel.socks !== undefined) this.#terminal.line(`SOCKS5 server for UDP at ${this.#anyOf(addressesOf(tunnel.socks))}`);
  }

  #anyOf(addresses: readonly string[]): string {
    return addresses.map((address) => this.#terminal.strong(address)).join(' or ');
  }

  /** Somebody else hears everything from now on. */
  watch(watcher: TunnelWatcher): void {
    this.#watcher = watcher;
  }

  /** What stands in the way of a session from now on; undefined for nothing. */
  trouble(text: string | undefined): void {
    this.#trouble = text;
  }

  /** Something has happened; the fields are for programs. */
  event(event: string, text: string, fields: object = {}): void {
    this.#watcher?.event(event, text, fields);
    if (this.#json) this.#terminal.json({ event, ...fields });
    else this.#terminal.line(text);
  }

  /** Once a second. */
  sample(stats: TunnelStats, traffic: Traffic, paths: readonly PathTraffic[], nodes: readonly NodeStatus[]): void {
    this.#watcher?.sample(stats, traffic, nodes);
    if (this.#json) {
      this.#terminal.json({
        event: 'stats',
        ...forPrograms(stats),
        ...traffic,
        ...lossForPrograms(traffic),
        paths: stats.paths.map((path, index) => pathForPrograms(path, paths[index])),
        nodes: nodes.map(nodeForPrograms),
      });
      return;
    }
    if (!this.#terminal.isInteractive && ++this.#samples % PLAIN_INTERVAL !== 0) return;
    const described = describeSample(stats, traffic, paths, nodes);
    const isWaiting = stats.state !== 'established' && this.#trouble !== undefined;
    const text = isWaiting ? `[${stats.state === 'idle' ? 'no session' : stats.state}] ${this.#trouble}` : described;
    if (this.#terminal.isInteractive) this.#terminal.live(text);
    else this.#terminal.line(text);
  }

  summary(stats: TunnelStats, seconds: number): void {
    const { localDrops, nodeDrops, rtt } = stats;
    const total = totalLoss(stats);
    const refused = stats.up?.refused ?? [];
    if (this.#json) {
      const totals = {
        ...lossForPrograms(total),
        refused,
        localDrops,
        nodeDrops,
      };
      this.#terminal.json({ event: 'summary', seconds, ...forPrograms(stats), ...totals });
      return;
    }
    this.#terminal.endLive();
    const { upPackets, upBytes, downPackets, downBytes } = allWays(stats);
    const up = `${upPackets} datagrams up (${kilobytes(upBytes)})`;
    const down = `${downPackets} down (${kilobytes(downBytes)})`;
    this.#terminal.line(`${seconds.toFixed(0)} s: ${up}, ${down}`);
    if (total.up !== undefined) this.#terminal.line(`packets up: ${describeTotal(total.up)}`);
    this.#terminal.line(`packets down: ${describeTotal(total.down)}`);
    if (refused.length > 0) {
      this.#terminal.line(`the node refused: ${describeRefused(refused, total, stats.up?.limits)}`);
    }
    if (rtt !== undefined) {
      const { smoothedMs, minimumMs, jitterMs } = rtt;
      this.#terminal.line(`rtt ${smoothedMs.toFixed(1)} ms, min ${minimumMs.toFixed(1)} ms, jitter ${jitterMs.toFixed(1)} ms`);
    }
    if (stats.ways.length > 1) {
      for (const way of stats.ways) {
        this.#terminal.line(`by ${way.name}: ${way.upPackets} up, ${way.downPackets} down`);
      }
    }
    for (const [where, drops] of [
      ['from programs', localDrops],
      ['from the node', nodeDrops],
    ] as const) {
      const named = Object.entries(drops).map(([reason, count]) => `${reason} ${count}`);
      if (named.length > 0) this.#terminal.line(`dropped ${where}: ${named.join(', ')}`);
    }
  }
}

/** Where programs reach what listens there: nobody can send to 0.0.0.0, which is every address of this machine. */
function addressesOf({ ip, port }: Endpoint): string[] {
  return (ip === 0 ? ownIpv4Addresses() : [ip]).map((address) => formatEndpoint(address, port));
}

function forPrograms(stats: TunnelStats): object {
  const { state, rtt, ways, counters } = stats;
  const tagged = counters.tagged === 1;
  const recovered = { up: stats.up?.recovered ?? null, down: counters.fecRecovered + counters.repaired };
  return {
    state,
    tagged,
    protection: protectionOf(counters) ?? null,
    recovered,
    rttMs: rtt?.smoothedMs ?? null,
    jitterMs: rtt?.jitterMs ?? null,
    ...allWays(stats),
    ways,
  };
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(1)} kB`;
}
