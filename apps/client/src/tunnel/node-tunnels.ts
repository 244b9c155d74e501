import type { ProtectionTerms } from '@lightspeed/session';
import type { FecMemory } from '@lightspeed/fec';
import type { LocalFlow } from '@lightspeed/session';
import { explainBindErrno } from '@lightspeed/udp';
import type { DatagramEngine, DatagramSocket } from '@lightspeed/udp';
import type { AddressHandle, ArenaOffset, ByteLength, Milliseconds, PathNumber, Port } from '@lightspeed/wire';
import type { DatagramReceiver } from '../ingress/ingress.ts';
import type { ParsedTunnelSettings } from '../settings/tunnel-settings.ts';
import { VIA_SLOT } from './messages.ts';
import type { NodeTunnelSettings, WorkerMessage } from './messages.ts';
import { NodeTunnel } from './node-tunnel.ts';
import type { NodeTunnelHost } from './node-tunnel.ts';
import type { PathSockets } from './path-sockets.ts';

/** The tunnel through another node has one path. */
const ONLY_PATH = 0;

/** What node tunnels need of the data plane. */
export interface NodeTunnelsHost {
  readonly engine: DatagramEngine;
  readonly memory: FecMemory;
  readonly settings: ParsedTunnelSettings;
  /** Gives an answer to the flow's program. */
  deliverToProgram(flow: LocalFlow, offset: ArenaOffset, length: ByteLength): void;
  /** The flow of a flow's program and somebody else; null if there are as many as there may be. */
  otherSource(flow: LocalFlow, ip: AddressHandle, port: Port): LocalFlow | null;
  post(message: WorkerMessage): void;
  /** All sessions are over, for good. */
  allClosed(): void;
  tagFor(receiver: DatagramReceiver): number;
}

/** The node tunnels of a client, one per node. All share the paths' sockets; who sent a datagram says whose it is. */
export class NodeTunnels implements NodeTunnelHost {
  readonly engine: DatagramEngine;
  readonly memory: FecMemory;
  readonly settings: ParsedTunnelSettings;
  readonly #host: NodeTunnelsHost;
  readonly #pathSockets: PathSockets;
  /** In no order; a slot is in it once. */
  readonly #nodeTunnels: NodeTunnel[] = [];
  /** Node tunnels whose place another one has taken, until their FINs are sent. */
  readonly #former: NodeTunnel[] = [];
  #used: NodeTunnel;
  #via: NodeTunnel | null = null;
  /** The path of the node tunnels that leads through another node, or -1. */
  readonly #viaPath: number;
  #closing = false;

  /**
   * @param pathSockets with `via`, the last one is that of the path through another node.
   * @param nodeTunnels the first one is used until another is asked for.
   */
  constructor(
    host: NodeTunnelsHost,
    pathSockets: PathSockets,
    nodeTunnels: readonly NodeTunnelSettings[],
    via: NodeTunnelSettings | undefined,
  ) {
    this.engine = host.engine;
    this.memory = host.memory;
    this.settings = host.settings;
    this.#host = host;
    this.#pathSockets = pathSockets;
    this.#viaPath = via === undefined ? -1 : pathSockets.count - 1;
    if (via !== undefined) this.#via = this.#nodeTunnelFor(via);
    for (const nodeTunnel of nodeTunnels) this.#nodeTunnels.push(this.#nodeTunnelFor(nodeTunnel));
    this.#used = this.#nodeTunnels[0];
    for (let path = 0; path < pathSockets.count; path++) {
      pathSockets.at(path).tag = host.tagFor({ onDatagrams: (_socket, count) => this.#take(path, count) });
    }
  }

  // What the data plane calls.

  /** Carries a datagram by the node in use. */
  carryByUsed(flow: LocalFlow, offset: ArenaOffset, length: ByteLength): void {
    this.#used.tunnel.handleLocalDatagram(flow, offset, length);
  }

  /** Carries a datagram by one of the nodes. @returns whether there is a tunnel to it. */
  carryBy(slot: number, flow: LocalFlow, offset: ArenaOffset, length: ByteLength): boolean {
    const nodeTunnel = this.#nodeTunnelOf(slot);
    if (nodeTunnel === null) return false;
    nodeTunnel.tunnel.handleLocalDatagram(flow, offset, length);
    return true;
  }

  /** The flow is over. */
  closeFlow(flow: LocalFlow): void {
    for (let i = 0; i < this.#nodeTunnels.length; i++) this.#nodeTunnels[i].tunnel.closeFlow(flow);
  }

  advance(): void {
    const { clockMs, clockUs } = this.engine;
    for (let i = 0; i < this.#nodeTunnels.length; i++) this.#nodeTunnels[i].tunnel.advance(clockMs, clockUs);
    this.#via?.tunnel.advance(clockMs, clockUs);
  }

  /** Everything given to the engine is sent. */
  sent(): void {
    for (let i = 0; i < this.#nodeTunnels.length; i++) this.#nodeTunnels[i].tunnel.sent();
    for (let former = this.#former.pop(); former !== undefined; former = this.#former.pop()) former.release();
    this.#via?.tunnel.sent();
  }

  /** @returns milliseconds until it wants to be called again. */
  tick(nowMs: Milliseconds): number {
    let next = this.#pathSockets.msUntilDue(nowMs);
    // The way through another node first: what the others say by it is said at once.
    if (this.#via !== null) next = Math.min(next, this.#via.tick(nowMs));
    for (let i = 0; i < this.#nodeTunnels.length; i++) next = Math.min(next, this.#nodeTunnels[i].tick(nowMs));
    return next;
  }

  /** Adds a node tunnel, or puts it in the place of the one that has its slot. */
  place(settings: NodeTunnelSettings): void {
    const nodeTunnel = this.#nodeTunnelFor(settings);
    nodeTunnel.tunnel.advance(this.engine.clockMs, this.engine.clockUs);
    const former = settings.slot === VIA_SLOT ? this.#via : this.#nodeTunnelOf(settings.slot);
    if (settings.slot === VIA_SLOT) this.#via = nodeTunnel;
    else if (former === null) this.#nodeTunnels.push(nodeTunnel);
    else this.#nodeTunnels[this.#nodeTunnels.indexOf(former)] = nodeTunnel;
    if (this.#used === former) this.#used = nodeTunnel;
    if (former !== null) {
      this.#former.push(former);
      if (!former.closed) former.giveWay();
    }
    nodeTunnel.tick(this.engine.clockMs);
    if (settings.slot === VIA_SLOT) for (const inner of this.#nodeTunnels) inner.tunnel.rebind(this.#viaPath);
  }

  /** Measures the ways to all nodes now. */
  measure(): void {
    for (const { tunnel } of this.#nodeTunnels) tunnel.measure();
  }

  /** The node of a node tunnel wants tags on its packets. */
  startTags(slot: number): void {
    const nodeTunnel = slot === VIA_SLOT ? this.#via : this.#nodeTunnelOf(slot);
    nodeTunnel?.tunnel.startTags();
  }

  /** What a node tunnel's session has agreed on for protection holds from now on. */
  agree(slot: number, terms: ProtectionTerms | undefined): void {
    this.#nodeTunnelOf(slot)?.tunnel.agree(terms);
  }

  /** See `Tunnel.msUntilSooner`: of all node tunnels. */
  msUntilSooner(): Milliseconds | -1 {
    let next = -1;
    for (let i = 0; i < this.#nodeTunnels.length; i++) {
      const soonerMs = this.#nodeTunnels[i].tunnel.msUntilSooner();
      if (soonerMs >= 0 && (next < 0 || soonerMs < next)) next = soonerMs;
    }
    return next;
  }

  /** Flows that follow the node in use go by this one from now on. */
  use(slot: number): void {
    this.#used = this.#nodeTunnelOf(slot) ?? this.#used;
  }

  /** Ends the session of one node tunnel. */
  end(slot: number): void {
    this.#nodeTunnelOf(slot)?.close();
  }

  /** Gives a path another socket; says what has become of it. */
  rebind(path: PathNumber, local: string | undefined): void {
    const family = this.#pathSockets.familyWith(path, local);
    if (path !== this.#viaPath && !this.#nodeTunnels.some(({ addresses }) => addresses.has(family))) {
      const reason = `the node has no ${family === 'ipv6' ? 'IPv6' : 'IPv4'} address`;
      this.post({ type: 'notRebound', path, reason });
      return;
    }
    const bound = this.#pathSockets.replace(path, local);
    if (bound === undefined) {
      this.post({ type: 'notRebound', path, reason: explainBindErrno(this.engine.lastOpenError) });
      return;
    }
    if (path === this.#viaPath) {
      this.#via?.setPathFamily(ONLY_PATH, family);
      this.#via?.tunnel.rebind(ONLY_PATH);
    } else {
      for (const nodeTunnel of this.#nodeTunnels) {
        nodeTunnel.setPathFamily(path, family);
        nodeTunnel.tunnel.rebind(path);
      }
    }
    this.post({ type: 'rebound', path, local: bound });
  }

  /** A socket can neither hear nor send any more: if it is a path's, that gets another one. */
  lost(socket: DatagramSocket): void {
    const path = this.#pathSockets.pathOf(socket);
    if (path !== undefined) this.rebind(path, undefined);
  }

  /** Ends all sessions. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    for (const nodeTunnel of this.#nodeTunnels) nodeTunnel.close();
  }

  /** Brings the gauges up to date when all is over. */
  publish(): void {
    for (const nodeTunnel of this.#nodeTunnels) nodeTunnel.publish();
  }

  // What the node tunnels call.

  send(nodeTunnel: NodeTunnel, path: PathNumber, offset: ArenaOffset, length: ByteLength): void {
    if (path === this.#viaPath && nodeTunnel.slot !== VIA_SLOT && this.#via !== null) {
      this.#via.tunnel.handleLocalDatagram(nodeTunnel.innerFlow, offset, length);
      return;
    }
    const { addresses } = nodeTunnel;
    const port = addresses.port(path);
    // A path of another family than all that the node has.
    if (port === 0) return;
    const socket = this.#pathSockets.at(nodeTunnel.slot === VIA_SLOT ? this.#viaPath : path);
    this.engine.send(socket, offset, length, addresses.ip(path), port);
  }

  deliver(nodeTunnel: NodeTunnel, flow: LocalFlow, offset: ArenaOffset, length: ByteLength): void {
    if (nodeTunnel.slot !== VIA_SLOT) {
      this.#host.deliverToProgram(flow, offset, length);
      return;
    }
    const inner = this.#nodeTunnelOf(flow.ingress);
    inner?.handleNode(this.#viaPath, offset, length, inner.addresses.ip4, inner.addresses.port4);
  }

  otherSource(flow: LocalFlow, ip: AddressHandle, port: Port): LocalFlow | null {
    return this.#host.otherSource(flow, ip, port);
  }

  post(message: WorkerMessage): void {
    this.#host.post(message);
  }

  nodeTunnelClosed(): void {
    if (!this.#closing || this.#nodeTunnels.some(({ closed }) => !closed)) return;
    // The others have said goodbye through it.
    if (this.#via !== null && !this.#via.closed) this.#via.close();
    else this.#host.allClosed();
  }

  #take(path: PathNumber, count: number): void {
    const { offsets, lengths, ips, ports } = this.engine.received;
    if (path === this.#viaPath && this.#via !== null) {
      for (let i = 0; i < count; i++) this.#via.handleNode(ONLY_PATH, offsets[i], lengths[i], ips[i], ports[i]);
      return;
    }
    for (let i = 0; i < count; i++) {
      this.#nodeTunnelAt(ips[i], ports[i]).handleNode(path, offsets[i], lengths[i], ips[i], ports[i]);
    }
  }

  /** A stranger's datagram is for the node tunnel in use, which counts it. */
  #nodeTunnelAt(ip: AddressHandle, port: Port): NodeTunnel {
    for (let i = 0; i < this.#nodeTunnels.length; i++) {
      if (this.#nodeTunnels[i].addresses.isFrom(ip, port)) return this.#nodeTunnels[i];
    }
    return this.#used;
  }

  #nodeTunnelOf(slot: number): NodeTunnel | null {
    for (let i = 0; i < this.#nodeTunnels.length; i++) {
      if (this.#nodeTunnels[i].slot === slot) return this.#nodeTunnels[i];
    }
    return null;
  }

  #nodeTunnelFor(settings: NodeTunnelSettings): NodeTunnel {
    const sockets = this.#pathSockets;
    if (settings.slot === VIA_SLOT) {
      const via = new NodeTunnel(settings, 1, this);
      via.setPathFamily(ONLY_PATH, sockets.family(this.#viaPath));
      return via;
    }
    const nodeTunnel = new NodeTunnel(settings, sockets.count, this);
    for (let path = 0; path < sockets.count; path++) {
      // What goes through another node names the node by IPv4, which is all that the header has room for.
      nodeTunnel.setPathFamily(path, path === this.#viaPath ? 'ipv4' : sockets.family(path));
    }
    return nodeTunnel;
  }
}
