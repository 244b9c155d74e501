import { randomBytes } from 'node:crypto';
import type { FecMemory } from '@lightspeed/fec';
import { hmacSha256 } from '@lightspeed/security/node';
import { DEFAULT_TUNNEL_OPTIONS, LocalFlow, Tunnel, TunnelCounter, tunnelCountersIn } from '@lightspeed/session';
import type { StepName, PathEvent, TunnelEvent, TunnelOutput } from '@lightspeed/session';
import type { DatagramEngine } from '@lightspeed/udp';
import { FLAG_HANDSHAKE, readFlags, readSequence } from '@lightspeed/wire';
import type { AddressHandle, ArenaOffset, ByteLength, Microseconds, Milliseconds, PathNumber, Port } from '@lightspeed/wire';
import type { ParsedTunnelSettings } from '../settings/tunnel-settings.ts';
import { BackOff } from './back-off.ts';
import { VIA_SLOT } from './messages.ts';
import type { NodeTunnelSettings, WorkerMessage } from './messages.ts';
import { NodeAddressChoice } from './node-addresses.ts';
import type { PathFamily } from './path-sockets.ts';

/** Longer than the pause after which a tunnel publishes its gauges. */
const PUBLISHING_MS = 1_000;
/** How soon to look again when nothing is due. */
const RESTING_MS = 250;

/** What packets that go through another node name as their source there: no local program has it. */
const INNER_IP = 0x7f00_0001;

/** What a node tunnel needs of those that it belongs to. */
export interface NodeTunnelHost {
  readonly engine: DatagramEngine;
  readonly memory: FecMemory;
  readonly settings: ParsedTunnelSettings;
  send(nodeTunnel: NodeTunnel, path: PathNumber, offset: ArenaOffset, length: ByteLength): void;
  /** A payload for a flow's program; or, of the tunnel through another node, a packet for the node tunnel whose flow it is. */
  deliver(nodeTunnel: NodeTunnel, flow: LocalFlow, offset: ArenaOffset, length: ByteLength): void;
  /** A flow between a flow's program and somebody else, who has sent to it by the node; null if there is to be none. */
  otherSource(flow: LocalFlow, ip: AddressHandle, port: Port): LocalFlow | null;
  post(message: WorkerMessage): void;
  /** The node tunnel's session is over, for good. */
  nodeTunnelClosed(): void;
}

/** A {@link Tunnel} to one node with its life: opened, asked for again when the node has ended it, watched, closed. */
export class NodeTunnel implements TunnelOutput {
  readonly slot: number;
  readonly tunnel: Tunnel;
  readonly addresses: NodeAddressChoice;
  /** Its packets as a flow of the tunnel through another node. */
  readonly innerFlow: LocalFlow;
  /** Whether its session is over for good. */
  closed = false;
  readonly #host: NodeTunnelHost;
  readonly #values: Float64Array;
  readonly #backOff = new BackOff();
  /** For each path, whether the node answers by it. */
  readonly #up: Uint8Array;
  /** For each path, whether a HANDSHAKE went out since it was up. */
  readonly #tried: Uint8Array;
  /** Where the datagram from the node that is being handled starts. */
  #offset = 0;
  #opened = false;
  #answered = false;
  #closing = false;
  #saidKeepalivesSent = false;

  constructor(settings: NodeTunnelSettings, paths: number, host: NodeTunnelHost) {
    const common = host.settings;
    const counters = tunnelCountersIn(settings.counters);
    const nonces = new BigUint64Array(settings.nonces);
    this.slot = settings.slot;
    this.addresses = new NodeAddressChoice(host.engine.addresses, settings.node, paths);
    const { ip4, port4 } = this.addresses;
    this.innerFlow = new LocalFlow(settings.slot, INNER_IP, settings.slot + 1, ip4, port4);
    this.#up = new Uint8Array(paths);
    this.#tried = new Uint8Array(paths);
    this.#host = host;
    this.#values = counters.values;
    this.tunnel = new Tunnel(
      {
        ...DEFAULT_TUNNEL_OPTIONS,
        dialect: settings.dialect,
        token: settings.token,
        registration: settings.registration,
        paths,
        multipath: common.multipath,
        // Parity of packets that have parity already would only cost.
        fecGroupSize: settings.slot === VIA_SLOT ? 0 : common.fecGroupSize,
        protection: settings.slot === VIA_SLOT ? undefined : common.protection,
        terms: settings.terms,
        keepaliveMs: settings.keepaliveMs,
        maxKeepaliveMisses: common.maxKeepaliveMisses,
        steadyKeepalives: common.maxKeepalives > 0,
        hearsAnySource: settings.slot !== VIA_SLOT && common.egressFiltering === 'endpoint-independent',
        flowTimeoutMs: common.flowTimeoutSecs * 1_000,
        oversize: settings.slot === VIA_SLOT ? 'fragment' : common.oversize,
      },
      {
        memory: host.memory,
        counters,
        output: this,
        random: () => randomBytes(4).readInt32LE(),
        hmacSha256,
        nextNonce: () => Atomics.add(nonces, 0, 1n),
      },
    );
    if (settings.wantsTags) this.tunnel.startTags();
  }

  /** A path has a socket of that family. */
  setPathFamily(path: PathNumber, family: PathFamily): void {
    this.addresses.setFamily(path, family);
    this.#setAddress(path);
  }

  handleNode(path: PathNumber, offset: ArenaOffset, length: ByteLength, ip: AddressHandle, port: Port): void {
    this.#offset = offset;
    if (this.#up[path] === 0 && this.addresses.isFrom(ip, port) && this.addresses.settle(path, ip)) this.#setAddress(path);
    this.tunnel.handleNodeDatagram(path, offset, length, ip, port);
  }

  /** @returns milliseconds until it wants to be called again. */
  tick(nowMs: Milliseconds): number {
    if (!this.#opened) {
      this.#opened = true;
      this.tunnel.open();
    }
    if (this.#backOff.isDue(nowMs)) this.tunnel.open();
    if (this.#keepalivesAreUsedUp()) return RESTING_MS;
    return this.#backOff.msUntilDue(nowMs, this.tunnel.handleTimeout());
  }

  /** Ends the session with a FIN. A node that has never answered gets one FIN and no timeout. */
  close(): void {
    if (this.#closing) return;
    this.#end();
    if (this.#answered) this.tunnel.close();
    else this.tunnel.leave();
  }

  /** Ends the session at once, with one FIN: another node tunnel takes its place, and its sockets. */
  giveWay(): void {
    this.#end();
    this.tunnel.leave();
  }

  /** Another one has taken its place, and all that it said is sent. */
  release(): void {
    this.tunnel.sent();
    this.addresses.release();
  }

  /** Brings the gauges up to date when all is over: moving the clock on does no harm any more. */
  publish(): void {
    if (this.tunnel.state !== 'closed') return;
    const { clockMs, clockUs } = this.#host.engine;
    this.tunnel.advance(clockMs + PUBLISHING_MS, clockUs);
    this.tunnel.handleTimeout();
  }

  // What the tunnel calls.

  toNode(path: PathNumber, offset: ArenaOffset, length: ByteLength): void {
    if (this.#up[path] === 0 && (readFlags(this.#host.engine.arena.bytes, offset) & FLAG_HANDSHAKE) !== 0) this.#try(path);
    this.#host.send(this, path, offset, length);
  }

  toLocal(flow: LocalFlow, offset: ArenaOffset, length: ByteLength): void {
    this.#host.deliver(this, flow, offset, length);
  }

  otherSource(flow: LocalFlow, ip: AddressHandle, port: Port): LocalFlow | null {
    return this.#host.otherSource(flow, ip, port);
  }

  roundTrip(_path: number, rttUs: Microseconds): void {
    const sequence = readSequence(this.#host.engine.arena.bytes, this.#offset);
    this.#host.post({ type: 'roundTrip', slot: this.slot, sequence, rttUs });
  }

  protectionChanged(step: StepName, reason: string): void {
    this.#host.post({ type: 'protection', slot: this.slot, step, reason });
  }

  attacked(): void {
    this.#host.post({ type: 'attacked', slot: this.slot });
  }

  pathEvent(path: PathNumber, event: PathEvent): void {
    this.#up[path] = event === 'up' ? 1 : 0;
    // The address of a path that went down has been tried.
    this.#tried[path] = event === 'up' ? 0 : 1;
    this.#host.post({ type: 'path', slot: this.slot, path, up: event === 'up' });
  }

  event(event: TunnelEvent): void {
    const nowMs = this.#host.engine.clockMs;
    let retryInMs: Milliseconds | undefined;
    if (event === 'established') {
      this.#answered = true;
      this.#backOff.established(nowMs);
    } else if (event === 'ended-by-node' && this.#host.settings.reopen && !this.#closing) {
      retryInMs = this.#backOff.ended(nowMs);
    } else if (event === 'closed') {
      this.closed = true;
    }
    this.#host.post({ type: 'event', slot: this.slot, event, retryInMs });
    if (this.closed) this.#host.nodeTunnelClosed();
  }

  /** Each HANDSHAKE but the first of a new path goes to the node's other address, if the path can reach two. */
  #try(path: PathNumber): void {
    if (this.#tried[path] === 1 && this.addresses.alternate(path)) this.#setAddress(path);
    this.#tried[path] = 1;
  }

  #setAddress(path: PathNumber): void {
    this.tunnel.setNodeAddress(path, this.addresses.ip(path), this.addresses.port(path));
  }

  #end(): void {
    this.#closing = true;
    this.#backOff.cancel();
  }

  /** A measurement has sent what it wanted to: only answers are waited for. */
  #keepalivesAreUsedUp(): boolean {
    const { maxKeepalives } = this.#host.settings;
    if (maxKeepalives === 0 || this.#closing) return false;
    if (this.#values[TunnelCounter.keepalivesSent] < maxKeepalives) return false;
    if (!this.#saidKeepalivesSent) {
      this.#saidKeepalivesSent = true;
      this.#host.post({ type: 'keepalivesSent' });
    }
    return true;
  }
}
