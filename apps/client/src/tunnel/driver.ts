import { FecMemory } from '@lightspeed/fec';
import type { DatagramEngine, DatagramHandler, DatagramSocket } from '@lightspeed/udp';
import { NodeTunnel } from './node-tunnel.ts';
import type { NodeTunnelHost } from './node-tunnel.ts';
import { VIA_SLOT } from './messages.ts';
import type { Command, NodeTunnelSettings, WorkerMessage } from './messages.ts';
import { PathSockets } from './path-sockets.ts';
import type { ParsedTunnelSettings } from './settings.ts';
import { pathOfTag } from './sockets.ts';
import type { TunnelSockets } from './sockets.ts';

/** What packets that go through another node name as their source there: no local program has it. */
const INNER_IP = 0x7f00_0001;
/** The way through another node has a tunnel with one path. */
const ONLY_PATH = 0;

/** What a driver works with. */
export interface DriverEnvironment {
  readonly engine: DatagramEngine;
  readonly settings: ParsedTunnelSettings;
  readonly sockets: TunnelSockets;
  /** The first one is used until another is asked for. */
  readonly nodeTunnels: readonly NodeTunnelSettings[];
  readonly via: NodeTunnelSettings | undefined;
  /** Tells the main thread. */
  readonly post: (message: WorkerMessage) => void;
  /** Asked on every wake, until there is none: what does the main thread want? */
  readonly takeCommand: () => Command | undefined;
}

/**
 * Gives {@link NodeTunnel}s, one per node, sockets and a clock. A datagram's way:
 *
 * ```
 *   program -> ingress -> onDatagrams -> node tunnel in use -> send    -> a path's socket -> node
 *                                                          \-> the nodeTunnel of `via` -> its socket -> other node -> node
 *   program <- ingress <- deliver     <- node tunnel of the sender <- onDatagrams <- a path's socket <- node
 * ```
 *
 * All node tunnels share the paths' sockets; who sent a datagram says whose it is. Local programs' datagrams go by the node tunnel in
 * use; what still comes from the others is delivered. Runs in the data-plane thread. Nothing on the way of a datagram
 * allocates; news for the main thread go through `post`.
 */
export class TunnelDriver implements DatagramHandler, NodeTunnelHost {
  readonly engine: DatagramEngine;
  readonly memory: FecMemory;
  readonly settings: ParsedTunnelSettings;
  readonly post: (message: WorkerMessage) => void;
  readonly #takeCommand: () => Command | undefined;
  readonly #ingresses: readonly DatagramSocket[];
  readonly #pathSockets: PathSockets;
  readonly #serverIps: Int32Array;
  readonly #serverPorts: Int32Array;
  /** In no order; a slot is in it once. */
  readonly #nodeTunnels: NodeTunnel[] = [];
  /** NodeTunnels whose place another one has taken, until their FINs are sent. */
  readonly #former: NodeTunnel[] = [];
  #used: NodeTunnel;
  #via: NodeTunnel | null = null;
  /** The path of the node tunnels that leads through another node, or -1. */
  readonly #viaPath: number;
  #closing = false;

  constructor(environment: DriverEnvironment) {
    const { engine, settings, sockets, nodeTunnels, via } = environment;
    const { arena } = engine;
    this.engine = engine;
    this.memory = new FecMemory(arena.memory, arena.reserve.start, arena.reserve.lengthBytes);
    this.settings = settings;
    this.post = environment.post;
    this.#takeCommand = environment.takeCommand;
    this.#ingresses = sockets.ingresses;
    this.#pathSockets = new PathSockets(engine, sockets);
    this.#serverIps = Int32Array.from(settings.ingresses, ({ gameServer }) => gameServer.ip | 0);
    this.#serverPorts = Int32Array.from(settings.ingresses, ({ gameServer }) => gameServer.port);
    this.#viaPath = via === undefined ? -1 : sockets.paths.length - 1;
    if (via !== undefined) this.#via = new NodeTunnel(via, 1, this);
    for (const nodeTunnel of nodeTunnels) this.#nodeTunnels.push(this.#nodeTunnelFor(nodeTunnel));
    this.#used = this.#nodeTunnels[0];
  }

  // What the engine calls.

  onDatagrams(socket: DatagramSocket, count: number): void {
    this.#advance();
    const path = pathOfTag(socket.tag);
    if (path === this.#viaPath && this.#via !== null) this.#takeFromVia(this.#via, count);
    else if (path >= 0) this.#takeFromNodes(path, count);
    else this.#takeFromPrograms(socket.tag, count);
  }

  onSent(): void {
    for (let i = 0; i < this.#nodeTunnels.length; i++) this.#nodeTunnels[i].tunnel.sent();
    for (let former = this.#former.pop(); former !== undefined; former = this.#former.pop()) former.tunnel.sent();
    this.#via?.tunnel.sent();
  }

  onWake(): void {
    this.#advance();
    for (let command = this.#takeCommand(); command !== undefined; command = this.#takeCommand()) this.#obey(command);
  }

  onTick(): number {
    const nowMs = this.#advance();
    let next = this.#pathSockets.msUntilDue(nowMs);
    // The way through another node first: what the others say by it is said at once.
    if (this.#via !== null) next = Math.min(next, this.#via.tick(nowMs));
    for (let i = 0; i < this.#nodeTunnels.length; i++) next = Math.min(next, this.#nodeTunnels[i].tick(nowMs));
    return next;
  }

  // What the node tunnels call.

  send(nodeTunnel: NodeTunnel, path: number, offset: number, length: number): void {
    if (nodeTunnel.slot === VIA_SLOT) {
      this.engine.send(this.#pathSockets.at(this.#viaPath), offset, length, nodeTunnel.nodeIp, nodeTunnel.nodePort);
    } else if (path === this.#viaPath && this.#via !== null) {
      const { slot, nodeIp, nodePort } = nodeTunnel;
      this.#via.tunnel.handleLocalDatagram(slot, offset, length, INNER_IP, slot + 1, nodeIp, nodePort);
    } else {
      this.engine.send(this.#pathSockets.at(path), offset, length, nodeTunnel.nodeIp, nodeTunnel.nodePort);
    }
  }

  deliver(nodeTunnel: NodeTunnel, ingress: number, offset: number, length: number, ip: number, port: number): void {
    if (nodeTunnel.slot !== VIA_SLOT) {
      this.engine.send(this.#ingresses[ingress], offset, length, ip, port);
      return;
    }
    const inner = this.#nodeTunnelOf(ingress);
    inner?.handleNode(this.#viaPath, offset, length, inner.nodeIp, inner.nodePort);
  }

  nodeTunnelClosed(): void {
    if (!this.#closing || this.#nodeTunnels.some(({ closed }) => !closed)) return;
    // The others have said goodbye through it.
    if (this.#via !== null && !this.#via.closed) this.#via.close();
    else this.engine.stop();
  }

  /** Brings the gauges up to date when all is over. */
  publish(): void {
    for (const nodeTunnel of this.#nodeTunnels) nodeTunnel.publish();
  }

  #takeFromPrograms(ingress: number, count: number): void {
    const { tunnel } = this.#used;
    const { offsets, lengths, ips, ports } = this.engine.received;
    const serverIp = this.#serverIps[ingress];
    const serverPort = this.#serverPorts[ingress];
    for (let i = 0; i < count; i++) {
      tunnel.handleLocalDatagram(ingress, offsets[i], lengths[i], ips[i], ports[i], serverIp, serverPort);
    }
  }

  #takeFromNodes(path: number, count: number): void {
    const { offsets, lengths, ips, ports } = this.engine.received;
    for (let i = 0; i < count; i++) {
      this.#nodeTunnelAt(ips[i], ports[i]).handleNode(path, offsets[i], lengths[i], ips[i], ports[i]);
    }
  }

  #takeFromVia(via: NodeTunnel, count: number): void {
    const { offsets, lengths, ips, ports } = this.engine.received;
    for (let i = 0; i < count; i++) via.handleNode(ONLY_PATH, offsets[i], lengths[i], ips[i], ports[i]);
  }

  /** A stranger's datagram is for the node tunnel in use, which counts it. */
  #nodeTunnelAt(ip: number, port: number): NodeTunnel {
    for (let i = 0; i < this.#nodeTunnels.length; i++) {
      const nodeTunnel = this.#nodeTunnels[i];
      if (nodeTunnel.nodeIp === ip && nodeTunnel.nodePort === port) return nodeTunnel;
    }
    return this.#used;
  }

  #nodeTunnelOf(slot: number): NodeTunnel | null {
    for (let i = 0; i < this.#nodeTunnels.length; i++) {
      if (this.#nodeTunnels[i].slot === slot) return this.#nodeTunnels[i];
    }
    return null;
  }

  #obey(command: Command): void {
    if (command.type === 'close') this.#close();
    else if (this.#closing) return;
    else if (command.type === 'node-tunnel') this.#place(command.nodeTunnel);
    else if (command.type === 'use') this.#used = this.#nodeTunnelOf(command.slot) ?? this.#used;
    else if (command.type === 'end') this.#nodeTunnelOf(command.slot)?.close();
    else this.#rebind(command.path, command.localIp);
  }

  #place(settings: NodeTunnelSettings): void {
    const nodeTunnel = this.#nodeTunnelFor(settings);
    nodeTunnel.tunnel.advance(this.engine.clockMs, this.engine.clockUs);
    const former = settings.slot === VIA_SLOT ? this.#via : this.#nodeTunnelOf(settings.slot);
    if (settings.slot === VIA_SLOT) this.#via = nodeTunnel;
    else if (former === null) this.#nodeTunnels.push(nodeTunnel);
    else this.#nodeTunnels[this.#nodeTunnels.indexOf(former)] = nodeTunnel;
    if (this.#used === former) this.#used = nodeTunnel;
    if (former !== null && !former.closed) {
      this.#former.push(former);
      former.giveWay();
    }
    nodeTunnel.tick(this.engine.clockMs);
    if (settings.slot === VIA_SLOT) for (const inner of this.#nodeTunnels) inner.tunnel.rebind(this.#viaPath);
  }

  #rebind(path: number, localIp: number | undefined): void {
    const local = this.#pathSockets.replace(path, localIp);
    if (local === undefined) {
      this.post({ type: 'notRebound', path, reason: this.engine.lastOpenError });
      return;
    }
    if (path === this.#viaPath) this.#via?.tunnel.rebind(ONLY_PATH);
    else for (const nodeTunnel of this.#nodeTunnels) nodeTunnel.tunnel.rebind(path);
    this.post({ type: 'rebound', path, local });
  }

  #nodeTunnelFor(settings: NodeTunnelSettings): NodeTunnel {
    return new NodeTunnel(settings, settings.slot === VIA_SLOT ? 1 : this.#pathSockets.count, this);
  }

  #close(): void {
    if (this.#closing) return;
    this.#closing = true;
    for (const nodeTunnel of this.#nodeTunnels) nodeTunnel.close();
  }

  #advance(): number {
    const { clockMs, clockUs } = this.engine;
    for (let i = 0; i < this.#nodeTunnels.length; i++) this.#nodeTunnels[i].tunnel.advance(clockMs, clockUs);
    this.#via?.tunnel.advance(clockMs, clockUs);
    return clockMs;
  }
}
