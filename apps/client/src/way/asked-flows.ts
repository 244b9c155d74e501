import type { FecMemory } from '@lightspeed/fec';
import type { DatagramEngine } from '@lightspeed/udp';
import type { ArenaOffset, ByteLength, Milliseconds } from '@lightspeed/wire';
import { AskedFlow } from '../ingress/asked-flow.ts';
import type { Flow } from '../ingress/ingress.ts';
import { LocalDrop } from '../ingress/local-counters.ts';
import type { LocalCounters } from '../ingress/local-counters.ts';
import { WaitingRoom } from '../ingress/waiting-room.ts';
import type { FlowMessage } from './flow-messages.ts';
import { WAY_ASKED, WAY_DIRECT, WAY_NODE_IN_USE } from './way-policy.ts';

/** A flow whose way has not been said by then goes directly: the main thread is too busy, and the game must not wait. */
const ANSWER_TIMEOUT_MS = 200;

/** What asked flows need of the data plane. */
export interface AskedFlowsHost {
  readonly engine: DatagramEngine;
  readonly counters: LocalCounters;
  readonly memory: FecMemory;
  /** Whether the main thread says by which way flows go. Otherwise they go by the node in use, and it only hears of them. */
  readonly isDecided: boolean;
  post(message: FlowMessage): void;
  /** Whether what goes directly is the kernel's from then on, so that the flow cannot come back. */
  isKernelDirect(flow: Flow): boolean;
  /** The flow has a way now: carries a datagram that has waited. */
  resume(flow: Flow, offset: ArenaOffset, length: ByteLength): void;
  /** The flow leaves the way that it has. */
  leave(flow: Flow): void;
}

/**
 * Flows whose ways are the main thread's to say, since it has the evidence. It is asked when a flow opens, and answers within a
 * millisecond or so. The flow's first datagrams wait for that. It hears of the server's first answer, and of the end.
 */
export class AskedFlows {
  readonly #host: AskedFlowsHost;
  readonly #flows = new Map<number, Flow>();
  readonly #room: WaitingRoom<Flow, AskedFlow>;
  /** Those that have no way yet, the oldest first. */
  readonly #undecided = new Set<Flow>();
  #nextId = 1;

  constructor(host: AskedFlowsHost) {
    this.#host = host;
    this.#room = new WaitingRoom(host.memory);
  }

  /** A flow has opened for which no rule has a way. */
  opened(flow: Flow): void {
    const { engine, isDecided } = this.#host;
    const id = this.#nextId++;
    flow.asked = new AskedFlow(id, engine.clockMs);
    this.#flows.set(id, flow);
    if (isDecided) {
      this.#undecided.add(flow);
      engine.tickWithin(ANSWER_TIMEOUT_MS);
    } else flow.way = WAY_NODE_IN_USE;
    this.#host.post({
      type: 'flow-opened',
      id,
      serverIp: flow.destinationIp >>> 0,
      serverPort: flow.destinationPort,
      sourceIp: flow.sourceIp >>> 0,
      sourcePort: flow.sourcePort,
      isKernelDirect: this.#host.isKernelDirect(flow),
    });
  }

  /** A datagram of a flow that has no way yet. */
  hold(flow: Flow, offset: ArenaOffset, length: ByteLength): void {
    const isKept = flow.asked !== null && this.#room.add(flow, flow.asked, flow.destinationPort, offset, length);
    if (!isKept) this.#host.counters.drops[LocalDrop.wayWaiting]++;
  }

  /** The server has answered for the first time. */
  answered({ asked }: Flow): void {
    if (asked !== null) this.#host.post({ type: 'flow-answered', id: asked.id });
  }

  closed(flow: Flow): void {
    const { asked } = flow;
    if (asked === null) return;
    this.#forget(flow, asked);
    this.#host.post({ type: 'flow-closed', id: asked.id, idleMs: Math.max(0, (this.#host.engine.clockMs - flow.lastActivityMs) | 0) });
  }

  /** The flow goes the way of another one, whatever becomes of that: it is no match of its own. */
  follow(flow: Flow, way: number): void {
    flow.way = way;
    this.closed(flow);
  }

  /**
   * The main thread says which way a flow goes, or that it moves.
   * @param isForced also if the server has answered: its way is dead.
   */
  setWay(id: number, way: number, isForced: boolean): void {
    const flow = this.#flows.get(id);
    if (flow === undefined || flow.way === way) return;
    if (flow.way === WAY_ASKED) return this.#decide(flow, way);
    if (flow.isAnswered && !isForced) return;
    if (flow.way === WAY_DIRECT && this.#host.isKernelDirect(flow)) return;
    this.#host.leave(flow);
    flow.way = way;
  }

  /** Those that have waited for too long go directly. To be called now and then. */
  tick(nowMs: Milliseconds): void {
    for (const flow of this.#undecided) {
      if (flow.asked !== null && ((nowMs - flow.asked.askedMs) | 0) < ANSWER_TIMEOUT_MS) return;
      this.#decide(flow, WAY_DIRECT);
    }
  }

  /** Everything given to the engine is sent. */
  sent(): void {
    this.#room.sent();
  }

  #decide(flow: Flow, way: number): void {
    this.#undecided.delete(flow);
    flow.way = way;
    if (flow.asked === null || flow.asked.waiting === 0) return;
    for (const { block, length } of this.#room.takeOut(flow.asked)) this.#host.resume(flow, block, length);
  }

  #forget(flow: Flow, asked: AskedFlow): void {
    this.#undecided.delete(flow);
    this.#flows.delete(asked.id);
    if (asked.waiting > 0) this.#room.forget(flow);
    flow.asked = null;
  }
}
