import { FecMemory } from '@lightspeed/fec';
import type { DatagramEngine, DatagramHandler, DatagramSocket } from '@lightspeed/udp';
import { Leg } from './leg.ts';
import type { LegHost } from './leg.ts';
import { VIA_SLOT } from './messages.ts';
import type { Command, LegSettings, WorkerMessage } from './messages.ts';
import { Outlets } from './outlets.ts';
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
  readonly legs: readonly LegSettings[];
  readonly via: LegSettings | undefined;
  /** Tells the main thread. */
  readonly post: (message: WorkerMessage) => void;
  /** Asked on every wake, until there is none: what does the main thread want? */
  readonly takeCommand: () => Command | undefined;
}

/**
 * Gives {@link Leg}s, one per node, sockets and a clock. A datagram's way:
 *
 * ```
 *   program -> entrance -> onDatagrams -> leg in use -> send    -> a path's socket -> node
 *                                                          \-> the leg of `via` -> its socket -> other node -> node
 *   program <- entrance <- deliver     <- leg of the sender <- onDatagrams <- a path's socket <- node
 * ```
 *
 * All legs share the paths' sockets; who sent a datagram says whose it is. Local programs' datagrams go by the leg in
 * use; what still comes from the others is delivered. Runs in the data-plane thread. Nothing on the way of a datagram
 * allocates; news for the main thread go through `post`.
 */
export class TunnelDriver implements DatagramHandler, LegHost {
  readonly engine: DatagramEngine;
  readonly memory: FecMemory;
  readonly settings: ParsedTunnelSettings;
  readonly post: (message: WorkerMessage) => void;
  readonly #takeCommand: () => Command | undefined;
  readonly #entrances: readonly DatagramSocket[];
  readonly #outlets: Outlets;
  readonly #serverIps: Int32Array;
  readonly #serverPorts: Int32Array;
  /** In no order; a slot is in it once. */
  readonly #legs: Leg[] = [];
  /** Legs whose place another one has taken, until their FINs are sent. */
  readonly #former: Leg[] = [];
  #used: Leg;
  #via: Leg | null = null;
  /** The path of the legs that leads through another node, or -1. */
  readonly #viaPath: number;
  #closing = false;

  constructor(environment: DriverEnvironment) {
    const { engine, settings, sockets, legs, via } = environment;
    const { arena } = engine;
    this.engine = engine;
    this.memory = new FecMemory(arena.memory, arena.reserve.start, arena.reserve.lengthBytes);
    this.settings = settings;
    this.post = environment.post;
    this.#takeCommand = environment.takeCommand;
    this.#entrances = sockets.entrances;
    this.#outlets = new Outlets(engine, sockets);
    this.#serverIps = Int32Array.from(settings.entrances, ({ gameServer }) => gameServer.ip | 0);
    this.#serverPorts = Int32Array.from(settings.entrances, ({ gameServer }) => gameServer.port);
    this.#viaPath = via === undefined ? -1 : sockets.paths.length - 1;
    if (via !== undefined) this.#via = new Leg(via, 1, this);
    for (const leg of legs) this.#legs.push(this.#legFor(leg));
    this.#used = this.#legs[0];
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
    for (let i = 0; i < this.#legs.length; i++) this.#legs[i].tunnel.sent();
    for (let former = this.#former.pop(); former !== undefined; former = this.#former.pop()) former.tunnel.sent();
    this.#via?.tunnel.sent();
  }

  onWake(): void {
    this.#advance();
    for (let command = this.#takeCommand(); command !== undefined; command = this.#takeCommand()) this.#obey(command);
  }

  onTick(): number {
    const nowMs = this.#advance();
    let next = this.#outlets.msUntilDue(nowMs);
    // The way through another node first: what the others say by it is said at once.
    if (this.#via !== null) next = Math.min(next, this.#via.tick(nowMs));
    for (let i = 0; i < this.#legs.length; i++) next = Math.min(next, this.#legs[i].tick(nowMs));
    return next;
  }

  // What the legs call.

  send(leg: Leg, path: number, offset: number, length: number): void {
    if (leg.slot === VIA_SLOT) {
      this.engine.send(this.#outlets.at(this.#viaPath), offset, length, leg.nodeIp, leg.nodePort);
    } else if (path === this.#viaPath && this.#via !== null) {
      const { slot, nodeIp, nodePort } = leg;
      this.#via.tunnel.handleLocalDatagram(slot, offset, length, INNER_IP, slot + 1, nodeIp, nodePort);
    } else {
      this.engine.send(this.#outlets.at(path), offset, length, leg.nodeIp, leg.nodePort);
    }
  }

  deliver(leg: Leg, entrance: number, offset: number, length: number, ip: number, port: number): void {
    if (leg.slot !== VIA_SLOT) {
      this.engine.send(this.#entrances[entrance], offset, length, ip, port);
      return;
    }
    const inner = this.#legOf(entrance);
    inner?.handleNode(this.#viaPath, offset, length, inner.nodeIp, inner.nodePort);
  }

  legClosed(): void {
    if (!this.#closing || this.#legs.some(({ closed }) => !closed)) return;
    // The others have said goodbye through it.
    if (this.#via !== null && !this.#via.closed) this.#via.close();
    else this.engine.stop();
  }

  /** Brings the gauges up to date when all is over. */
  publish(): void {
    for (const leg of this.#legs) leg.publish();
  }

  #takeFromPrograms(entrance: number, count: number): void {
    const { tunnel } = this.#used;
    const { offsets, lengths, ips, ports } = this.engine.received;
    const serverIp = this.#serverIps[entrance];
    const serverPort = this.#serverPorts[entrance];
    for (let i = 0; i < count; i++) {
      tunnel.handleLocalDatagram(entrance, offsets[i], lengths[i], ips[i], ports[i], serverIp, serverPort);
    }
  }

  #takeFromNodes(path: number, count: number): void {
    const { offsets, lengths, ips, ports } = this.engine.received;
    for (let i = 0; i < count; i++) {
      this.#legAt(ips[i], ports[i]).handleNode(path, offsets[i], lengths[i], ips[i], ports[i]);
    }
  }

  #takeFromVia(via: Leg, count: number): void {
    const { offsets, lengths, ips, ports } = this.engine.received;
    for (let i = 0; i < count; i++) via.handleNode(ONLY_PATH, offsets[i], lengths[i], ips[i], ports[i]);
  }

  /** A stranger's datagram is for the leg in use, which counts it. */
  #legAt(ip: number, port: number): Leg {
    for (let i = 0; i < this.#legs.length; i++) {
      const leg = this.#legs[i];
      if (leg.nodeIp === ip && leg.nodePort === port) return leg;
    }
    return this.#used;
  }

  #legOf(slot: number): Leg | null {
    for (let i = 0; i < this.#legs.length; i++) {
      if (this.#legs[i].slot === slot) return this.#legs[i];
    }
    return null;
  }

  #obey(command: Command): void {
    if (command.type === 'close') this.#close();
    else if (this.#closing) return;
    else if (command.type === 'leg') this.#place(command.leg);
    else if (command.type === 'use') this.#used = this.#legOf(command.slot) ?? this.#used;
    else if (command.type === 'end') this.#legOf(command.slot)?.close();
    else this.#rebind(command.path, command.localIp);
  }

  #place(settings: LegSettings): void {
    const leg = this.#legFor(settings);
    leg.tunnel.advance(this.engine.clockMs, this.engine.clockUs);
    const former = settings.slot === VIA_SLOT ? this.#via : this.#legOf(settings.slot);
    if (settings.slot === VIA_SLOT) this.#via = leg;
    else if (former === null) this.#legs.push(leg);
    else this.#legs[this.#legs.indexOf(former)] = leg;
    if (this.#used === former) this.#used = leg;
    if (former !== null && !former.closed) {
      this.#former.push(former);
      former.giveWay();
    }
    leg.tick(this.engine.clockMs);
    if (settings.slot === VIA_SLOT) for (const inner of this.#legs) inner.tunnel.rebind(this.#viaPath);
  }

  #rebind(path: number, localIp: number | undefined): void {
    const local = this.#outlets.replace(path, localIp);
    if (local === undefined) {
      this.post({ type: 'notRebound', path, reason: this.engine.lastOpenError });
      return;
    }
    if (path === this.#viaPath) this.#via?.tunnel.rebind(ONLY_PATH);
    else for (const leg of this.#legs) leg.tunnel.rebind(path);
    this.post({ type: 'rebound', path, local });
  }

  #legFor(settings: LegSettings): Leg {
    return new Leg(settings, settings.slot === VIA_SLOT ? 1 : this.#outlets.count, this);
  }

  #close(): void {
    if (this.#closing) return;
    this.#closing = true;
    for (const leg of this.#legs) leg.close();
  }

  #advance(): number {
    const { clockMs, clockUs } = this.engine;
    for (let i = 0; i < this.#legs.length; i++) this.#legs[i].tunnel.advance(clockMs, clockUs);
    this.#via?.tunnel.advance(clockMs, clockUs);
    return clockMs;
  }
}
