import { SHORTEST_IDLE_MS } from '@lightspeed/session';
import type { LocalFlow } from '@lightspeed/session';
import type { DatagramEngine, DatagramSocket } from '@lightspeed/udp';
import type { ArenaOffset, ByteLength } from '@lightspeed/wire';
import { LocalCounter, LocalDrop } from '../ingress/local-counters.ts';
import type { LocalCounters } from '../ingress/local-counters.ts';
import type { DatagramReceiver, Flow } from '../ingress/ingress.ts';

/** Each has a socket. */
const MAX_DIRECT_FLOWS = 256;
/** A game's, not a relay's: two seconds of a busy one. */
const BUFFER_BYTES = 256 * 1_024;

/** What the direct way needs of the data plane. */
export interface DirectWayHost {
  readonly engine: DatagramEngine;
  readonly counters: LocalCounters;
  /** Gives an answer to the flow's program. */
  deliver(flow: LocalFlow, offset: ArenaOffset, length: ByteLength): void;
  tagFor(receiver: DatagramReceiver): number;
}

/**
 * Straight to the game server: each flow has a socket of its own, so that the server tells programs apart. Only the flow's
 * server is heard by it.
 */
export class DirectWay implements DatagramReceiver {
  readonly #host: DirectWayHost;
  readonly #tag: number;
  /** By their sockets' ids. */
  readonly #flows: (Flow | null)[] = [];

  constructor(host: DirectWayHost) {
    this.#host = host;
    this.#tag = host.tagFor(this);
  }

  /** Sends a datagram of the flow's program to its game server. */
  carry(flow: Flow, offset: ArenaOffset, length: ByteLength): void {
    const { engine, counters } = this.#host;
    const socket = flow.directSocket ?? this.#open(flow);
    if (socket === null) {
      counters.drops[LocalDrop.directFlowLimit]++;
      return;
    }
    counters.values[LocalCounter.directPacketsToServer]++;
    counters.values[LocalCounter.directBytesToServer] += length;
    engine.send(socket, offset, length, flow.destinationIp, flow.destinationPort);
  }

  onDatagrams(socket: DatagramSocket, count: number): void {
    const flow = this.#flows[socket.id];
    if (flow === null || flow.directSocket !== socket) return;
    const { values, drops } = this.#host.counters;
    const { offsets, lengths, ips, ports } = this.#host.engine.received;
    for (let i = 0; i < count; i++) {
      if (ips[i] !== flow.destinationIp || ports[i] !== flow.destinationPort) {
        drops[LocalDrop.directSource]++;
        continue;
      }
      values[LocalCounter.directPacketsFromServer]++;
      values[LocalCounter.directBytesFromServer] += lengths[i];
      this.#host.deliver(flow, offsets[i], lengths[i]);
    }
  }

  /** The flow is over. */
  closeFlow(flow: Flow): void {
    const socket = flow.directSocket;
    if (socket === null) return;
    this.#flows[socket.id] = null;
    flow.directSocket = null;
    this.#host.counters.values[LocalCounter.directFlows]--;
    socket.close();
  }

  /** A socket for a flow; that of another one which is silent for longest gives way if there is none to be had. */
  #open(flow: Flow): DatagramSocket | null {
    const { counters } = this.#host;
    const socket = this.#openSocket() ?? (this.#closeLongestIdle() ? this.#openSocket() : undefined);
    if (socket === undefined) return null;
    socket.tag = this.#tag;
    this.#flows[socket.id] = flow;
    flow.directSocket = socket;
    counters.values[LocalCounter.directFlows]++;
    return socket;
  }

  #openSocket(): DatagramSocket | undefined {
    const { engine, counters } = this.#host;
    if (counters.values[LocalCounter.directFlows] >= MAX_DIRECT_FLOWS) return undefined;
    return engine.openNow({ ip: 0, port: 0, receiveBufferBytes: BUFFER_BYTES, sendBufferBytes: BUFFER_BYTES });
  }

  /** The flow stays: it gets another socket, and so another port, when its program sends again. */
  #closeLongestIdle(): boolean {
    const { engine, counters } = this.#host;
    let longest: Flow | null = null;
    let longestMs = SHORTEST_IDLE_MS - 1;
    for (let id = 0; id < this.#flows.length; id++) {
      // Engines number their sockets without regard to this one's.
      const flow = (this.#flows as readonly (Flow | null | undefined)[])[id] ?? null;
      if (flow === null || ((engine.clockMs - flow.lastActivityMs) | 0) <= longestMs) continue;
      longest = flow;
      longestMs = (engine.clockMs - flow.lastActivityMs) | 0;
    }
    if (longest === null) return false;
    this.closeFlow(longest);
    counters.values[LocalCounter.flowsGaveWay]++;
    return true;
  }
}
