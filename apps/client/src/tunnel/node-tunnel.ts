import { randomBytes } from 'node:crypto';
import type { FecMemory } from '@lightspeed/fec';
import { hmacSha256 } from '@lightspeed/security/node';
import { DEFAULT_TUNNEL_OPTIONS, Tunnel, TunnelCounter, tunnelCountersIn } from '@lightspeed/session';
import type { PathEvent, TunnelEvent, TunnelOutput } from '@lightspeed/session';
import type { DatagramEngine } from '@lightspeed/udp';
import { readSequence } from '@lightspeed/wire';
import { VIA_SLOT } from './messages.ts';
import type { NodeTunnelSettings, WorkerMessage } from './messages.ts';
import { BackOff } from './back-off.ts';
import type { ParsedTunnelSettings } from './settings.ts';

/** Longer than the pause after which a tunnel publishes its gauges. */
const PUBLISHING_MS = 1_000;
/** How soon to look again when nothing is due. */
const RESTING_MS = 250;

/** What a node tunnel needs of its driver. */
export interface NodeTunnelHost {
  readonly engine: DatagramEngine;
  readonly memory: FecMemory;
  readonly settings: ParsedTunnelSettings;
  send(nodeTunnel: NodeTunnel, path: number, offset: number, length: number): void;
  deliver(nodeTunnel: NodeTunnel, ingress: number, offset: number, length: number, ip: number, port: number): void;
  post(message: WorkerMessage): void;
  /** The node tunnel's session is over, for good. */
  nodeTunnelClosed(): void;
}

/** A {@link Tunnel} to one node with its life: opened, asked for again when the node has ended it, watched, closed. */
export class NodeTunnel implements TunnelOutput {
  readonly slot: number;
  /** int32 bit pattern. */
  readonly nodeIp: number;
  readonly nodePort: number;
  readonly tunnel: Tunnel;
  /** Whether its session is over for good. */
  closed = false;
  readonly #host: NodeTunnelHost;
  readonly #values: Float64Array;
  readonly #backOff = new BackOff();
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
    this.nodeIp = settings.node.ip | 0;
    this.nodePort = settings.node.port;
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
        keepaliveMs: settings.keepaliveMs,
        maxKeepaliveMisses: common.maxKeepaliveMisses,
        steadyKeepalives: common.maxKeepalives > 0,
        oversize: settings.slot === VIA_SLOT ? 'fragment' : common.oversize,
      },
      {
        memory: host.memory,
        counters,
        output: this,
        random: () => randomBytes(4).readInt32LE(),
        hmacSha256,
        nextNonce: () => Atomics.add(nonces, 0, 1n),
        nodeIp: settings.node.ip,
        nodePort: settings.node.port,
      },
    );
  }

  handleNode(path: number, offset: number, length: number, ip: number, port: number): void {
    this.#offset = offset;
    this.tunnel.handleNodeDatagram(path, offset, length, ip, port);
  }

  /** @returns milliseconds until it wants to be called again. */
  tick(nowMs: number): number {
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

  /** Brings the gauges up to date when all is over: moving the clock on does no harm any more. */
  publish(): void {
    if (this.tunnel.state !== 'closed') return;
    const { clockMs, clockUs } = this.#host.engine;
    this.tunnel.advance(clockMs + PUBLISHING_MS, clockUs);
    this.tunnel.handleTimeout();
  }

  // What the tunnel calls.

  toNode(path: number, offset: number, length: number): void {
    this.#host.send(this, path, offset, length);
  }

  toLocal(ingress: number, offset: number, length: number, ip: number, port: number): void {
    this.#host.deliver(this, ingress, offset, length, ip, port);
  }

  roundTrip(_path: number, rttUs: number): void {
    const sequence = readSequence(this.#host.engine.arena.bytes, this.#offset);
    this.#host.post({ type: 'roundTrip', slot: this.slot, sequence, rttUs });
  }

  pathEvent(path: number, event: PathEvent): void {
    this.#host.post({ type: 'path', slot: this.slot, path, up: event === 'up' });
  }

  event(event: TunnelEvent): void {
    const nowMs = this.#host.engine.clockMs;
    let retryInMs: number | undefined;
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
