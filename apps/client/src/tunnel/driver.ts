import { randomBytes } from 'node:crypto';
import { FecMemory } from '@lightspeed/fec';
import { DEFAULT_TUNNEL_OPTIONS, Tunnel, TunnelCounter } from '@lightspeed/session';
import type { TunnelCounters, TunnelEvent, TunnelOutput } from '@lightspeed/session';
import type { DatagramEngine, DatagramHandler, DatagramSocket } from '@lightspeed/udp';
import { readSequence } from '@lightspeed/wire';
import type { WorkerMessage } from './messages.ts';
import { Reopening } from './reopening.ts';
import type { ParsedTunnelSettings } from './settings.ts';
import { NODE_TAG } from './sockets.ts';
import type { TunnelSockets } from './sockets.ts';

/** Longer than the pause after which a tunnel publishes its gauges. */
const PUBLISHING_MS = 1_000;
/** This tunnel has one way to its node. */
const ONLY_PATH = 0;
/** How soon to look again when nothing is due. */
const RESTING_MS = 250;

/** What a driver works with. */
export interface DriverEnvironment {
  readonly engine: DatagramEngine;
  readonly settings: ParsedTunnelSettings;
  readonly sockets: TunnelSockets;
  readonly counters: TunnelCounters;
  /** Tells the main thread. */
  readonly post: (message: WorkerMessage) => void;
  /** Asked on every wake: has the main thread said that the tunnel shall be closed? */
  readonly closeAsked: () => boolean;
}

/**
 * Gives a {@link Tunnel} sockets and a clock. A datagram's way:
 *
 * ```
 *   program -> entrance socket -> onDatagrams -> Tunnel.handleLocalDatagram -> toNode  -> node socket -> node
 *   program <- entrance socket <- toLocal     <- Tunnel.handleNodeDatagram  <- onDatagrams <- node socket <- node
 * ```
 *
 * Runs in the data-plane thread. Nothing on the way of a datagram allocates; news for the main thread go through `post`.
 */
export class TunnelDriver implements DatagramHandler, TunnelOutput {
  readonly #engine: DatagramEngine;
  readonly #settings: ParsedTunnelSettings;
  readonly #sockets: TunnelSockets;
  readonly #values: Float64Array;
  readonly #post: (message: WorkerMessage) => void;
  readonly #closeAsked: () => boolean;
  readonly #tunnel: Tunnel;
  readonly #serverIps: Int32Array;
  readonly #serverPorts: Int32Array;
  readonly #nodeIp: number;
  readonly #nodePort: number;
  readonly #reopening = new Reopening();
  /** Where the datagram from the node that is being handled starts. */
  #offset = 0;
  #opened = false;
  #answered = false;
  #closing = false;
  #saidKeepalivesSent = false;

  constructor(environment: DriverEnvironment) {
    const { engine, settings, sockets, counters } = environment;
    const { arena } = engine;
    this.#engine = engine;
    this.#settings = settings;
    this.#sockets = sockets;
    this.#values = counters.values;
    this.#post = environment.post;
    this.#closeAsked = environment.closeAsked;
    this.#nodeIp = settings.node.ip | 0;
    this.#nodePort = settings.node.port;
    this.#serverIps = Int32Array.from(settings.entrances, ({ gameServer }) => gameServer.ip | 0);
    this.#serverPorts = Int32Array.from(settings.entrances, ({ gameServer }) => gameServer.port);
    this.#tunnel = new Tunnel(
      {
        ...DEFAULT_TUNNEL_OPTIONS,
        dialect: settings.dialect,
        token: settings.token,
        fecGroupSize: settings.fecGroupSize,
        keepaliveMs: settings.keepaliveMs,
        maxKeepaliveMisses: settings.maxKeepaliveMisses,
        oversize: settings.oversize,
      },
      {
        memory: new FecMemory(arena.bytes, arena.reserve.start, arena.reserve.lengthBytes),
        counters,
        output: this,
        random: () => randomBytes(4).readInt32LE(),
        nodeIp: settings.node.ip,
        nodePort: settings.node.port,
      },
    );
  }

  // What the engine calls.

  onDatagrams(socket: DatagramSocket, count: number): void {
    const tunnel = this.#tunnel;
    const { offsets, lengths, ips, ports } = this.#engine.received;
    const entrance = socket.tag;
    this.#advance();
    if (entrance === NODE_TAG) {
      for (let i = 0; i < count; i++) {
        this.#offset = offsets[i];
        tunnel.handleNodeDatagram(ONLY_PATH, offsets[i], lengths[i], ips[i], ports[i]);
      }
      return;
    }
    const serverIp = this.#serverIps[entrance];
    const serverPort = this.#serverPorts[entrance];
    for (let i = 0; i < count; i++) {
      tunnel.handleLocalDatagram(entrance, offsets[i], lengths[i], ips[i], ports[i], serverIp, serverPort);
    }
  }

  onSent(): void {
    this.#tunnel.sent();
  }

  onWake(): void {
    if (this.#closeAsked()) this.#close();
  }

  onTick(): number {
    const nowMs = this.#advance();
    if (!this.#opened) {
      this.#opened = true;
      this.#tunnel.open();
    }
    if (this.#reopening.isDue(nowMs)) this.#tunnel.open();
    if (this.#keepalivesAreUsedUp()) return RESTING_MS;
    return this.#reopening.msUntilDue(nowMs, this.#tunnel.handleTimeout());
  }

  // What the tunnel calls.

  toNode(_path: number, offset: number, length: number): void {
    this.#engine.send(this.#sockets.node, offset, length, this.#nodeIp, this.#nodePort);
  }

  toLocal(entrance: number, offset: number, length: number, ip: number, port: number): void {
    this.#engine.send(this.#sockets.entrances[entrance], offset, length, ip, port);
  }

  roundTrip(_path: number, rttUs: number): void {
    const sequence = readSequence(this.#engine.arena.bytes, this.#offset);
    this.#post({ type: 'roundTrip', sequence, rttUs });
  }

  pathEvent(): void {
    // With one path it says what `event` says.
  }

  event(event: TunnelEvent): void {
    const nowMs = this.#engine.clockMs;
    let retryInMs: number | undefined;
    if (event === 'established') {
      this.#answered = true;
      this.#reopening.established(nowMs);
    } else if (event === 'ended-by-node' && this.#settings.reopen && !this.#closing) {
      retryInMs = this.#reopening.ended(nowMs);
    } else if (event === 'closed') {
      this.#engine.stop();
    }
    this.#post({ type: 'event', event, retryInMs });
  }

  /** Brings the gauges up to date when all is over: moving the clock on does no harm any more. */
  publish(): void {
    if (this.#tunnel.state !== 'closed') return;
    this.#tunnel.advance(this.#engine.clockMs + PUBLISHING_MS, this.#engine.clockUs);
    this.#tunnel.handleTimeout();
  }

  /** Ends the session with a FIN, then the engine's run. A node that has never answered gets one FIN and no patience. */
  #close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#advance();
    this.#reopening.cancel();
    this.#tunnel.close();
    if (!this.#answered && this.#tunnel.state === 'closing') this.event('closed');
  }

  #advance(): number {
    const { clockMs, clockUs } = this.#engine;
    this.#tunnel.advance(clockMs, clockUs);
    return clockMs;
  }

  /** A measurement has sent what it wanted to: only answers are waited for. */
  #keepalivesAreUsedUp(): boolean {
    const { maxKeepalives } = this.#settings;
    if (maxKeepalives === 0 || this.#closing) return false;
    if (this.#values[TunnelCounter.keepalivesSent] < maxKeepalives) return false;
    if (!this.#saidKeepalivesSent) {
      this.#saidKeepalivesSent = true;
      this.#post({ type: 'keepalivesSent' });
    }
    return true;
  }
}
