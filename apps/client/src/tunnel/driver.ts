import { randomInt } from 'node:crypto';
import { FecMemory } from '@lightspeed/fec';
import type { DatagramEngine, DatagramHandler, DatagramSocket } from '@lightspeed/udp';
import type { DatagramReceiver } from '../ingress/ingress.ts';
import type { LocalCounters } from '../ingress/local-counters.ts';
import { PortForward } from '../ingress/port-forward.ts';
import { SocksRelay } from '../ingress/socks/relay.ts';
import { TransparentIngress } from '../ingress/transparent/transparent-ingress.ts';
import type { ParsedTunnelSettings } from '../settings/tunnel-settings.ts';
import type { WayPolicy } from '../way/way-policy.ts';
import { LocalSide } from './local-side.ts';
import type { Command, NodeTunnelSettings, WorkerMessage } from './messages.ts';
import { NodeTunnels } from './node-tunnels.ts';
import { PathSockets } from './path-sockets.ts';
import type { TunnelSockets } from './sockets.ts';

/** What a driver works with. */
export interface DriverEnvironment {
  readonly engine: DatagramEngine;
  readonly settings: ParsedTunnelSettings;
  readonly sockets: TunnelSockets;
  /** The first one is used until another is asked for. */
  readonly nodeTunnels: readonly NodeTunnelSettings[];
  readonly via: NodeTunnelSettings | undefined;
  /** Which way each flow takes. */
  readonly policy: WayPolicy;
  readonly counters: LocalCounters;
  /** Tells the main thread. */
  readonly post: (message: WorkerMessage) => void;
  /** Asked on every wake, until there is none: what does the main thread want? */
  readonly takeCommand: () => Command | undefined;
}

/**
 * The data plane of a client: gives ingresses, ways and {@link NodeTunnels} sockets and a clock. A datagram's way:
 *
 * ```
 *   program -> ingress -> LocalSide: flow, way -> NodeTunnels -> Tunnel -> a path's socket -> node
 *                                            \                     \-> the tunnel through another node -> node
 *                                             '-> DirectWay -> a socket of the flow's own -> game server
 *   program <- ingress <- LocalSide.deliver <---- whichever of these has an answer
 * ```
 *
 * Each socket's tag names the receiver of its datagrams. Runs in the data-plane thread. Nothing on the way of a datagram
 * allocates; news for the main thread go through `post`.
 */
export class TunnelDriver implements DatagramHandler {
  readonly #engine: DatagramEngine;
  readonly #takeCommand: () => Command | undefined;
  /** By the tags of their sockets. */
  readonly #receivers: DatagramReceiver[] = [];
  readonly #local: LocalSide;
  readonly #nodeTunnels: NodeTunnels;
  readonly #socks: SocksRelay;
  readonly #capture: TransparentIngress | undefined;
  /** In the order of the settings. */
  readonly #forwards: readonly PortForward[];
  #closing = false;

  constructor(environment: DriverEnvironment) {
    const { engine, settings, sockets, nodeTunnels, via, policy, counters, post } = environment;
    const { arena } = engine;
    const memory = new FecMemory(arena.memory, arena.reserve.start, arena.reserve.lengthBytes);
    const tagFor = (receiver: DatagramReceiver) => this.#receivers.push(receiver) - 1;
    this.#engine = engine;
    this.#takeCommand = environment.takeCommand;
    const local = new LocalSide({
      engine,
      memory,
      isDecided: settings.flowsTold === 'decided',
      counters,
      policy,
      flowTimeoutMs: settings.flowTimeoutSecs * 1_000,
      seed: randomInt(2 ** 32) | 0,
      tagFor,
      post,
    });
    const allClosed = () => engine.stop();
    const deliverToProgram = local.deliver.bind(local);
    const otherSource = local.otherSource.bind(local);
    const paths = new PathSockets(engine, sockets.paths, sockets.ipv6);
    this.#nodeTunnels = new NodeTunnels(
      { engine, memory, settings, deliverToProgram, otherSource, post, allClosed, tagFor },
      paths,
      nodeTunnels,
      via,
    );
    this.#local = local;
    local.connect(this.#nodeTunnels);
    this.#forwards = settings.ingresses.map((ingress, index) => new PortForward(local, sockets.ingresses[index], ingress));
    this.#socks = new SocksRelay(local, memory, post);
    const { capture } = settings;
    if (capture !== undefined && sockets.capture !== undefined) {
      const trial = { ip: capture.trial.ip | 0, port: capture.trial.port };
      this.#capture = new TransparentIngress(local, sockets.capture, memory, trial, (event) => post({ type: 'capture', event }));
    }
  }

  onDatagrams(socket: DatagramSocket, count: number): void {
    this.#nodeTunnels.advance();
    this.#receivers[socket.tag].onDatagrams(socket, count);
    const soonerMs = this.#nodeTunnels.msUntilSooner();
    if (soonerMs >= 0) this.#engine.tickWithin(soonerMs);
  }

  onSent(): void {
    this.#nodeTunnels.sent();
    this.#local.sent();
    this.#socks.sent();
    this.#capture?.sent();
  }

  onWake(): void {
    this.#nodeTunnels.advance();
    for (let command = this.#takeCommand(); command !== undefined; command = this.#takeCommand()) this.#obey(command);
  }

  onLost(socket: DatagramSocket): void {
    this.#nodeTunnels.advance();
    this.#nodeTunnels.lost(socket);
  }

  onTick(): number {
    const { clockMs } = this.#engine;
    this.#nodeTunnels.advance();
    this.#local.tick(clockMs);
    return this.#nodeTunnels.tick(clockMs);
  }

  /** Brings the gauges up to date when all is over. */
  publish(): void {
    this.#nodeTunnels.publish();
  }

  #obey(command: Command): void {
    if (command.type === 'close') this.#close();
    else if (this.#closing) return;
    else if (command.type === 'node-tunnel') this.#nodeTunnels.place(command.nodeTunnel);
    else if (command.type === 'use') this.#nodeTunnels.use(command.slot);
    else if (command.type === 'end') this.#nodeTunnels.end(command.slot);
    else if (command.type === 'measure') this.#nodeTunnels.measure();
    else if (command.type === 'agree') this.#nodeTunnels.agree(command.slot, command.terms);
    else if (command.type === 'tag') this.#nodeTunnels.startTags(command.slot);
    else if (command.type === 'server-addresses') this.#forwards[command.ingress].setServerAddresses(command.ips);
    else if (command.type === 'rebind') this.#nodeTunnels.rebind(command.path, command.local);
    else if (command.type === 'flow-way') this.#local.obey(command);
    else if (command.type === 'count-flows') this.#local.countFlows();
    else if (command.type === 'capture-answer') this.#capture?.obey(command);
    else this.#socks.obey(command);
  }

  #close(): void {
    this.#closing = true;
    this.#nodeTunnels.close();
  }
}
