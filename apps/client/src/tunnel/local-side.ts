import type { FecMemory } from '@lightspeed/fec';
import { DEFAULT_TUNNEL_OPTIONS } from '@lightspeed/session';
import type { LocalFlow } from '@lightspeed/session';
import type { DatagramEngine } from '@lightspeed/udp';
import type { AddressHandle, ArenaOffset, ByteLength, Milliseconds, Port } from '@lightspeed/wire';
import type { DatagramReceiver, Flow, Ingress, IngressHost } from '../ingress/ingress.ts';
import type { ServerAddresses } from '../ingress/server-addresses.ts';
import { LocalCounter, LocalDrop } from '../ingress/local-counters.ts';
import type { LocalCounters } from '../ingress/local-counters.ts';
import { AskedFlows } from '../way/asked-flows.ts';
import type { FlowCommand } from '../way/flow-messages.ts';
import { DirectWay } from '../way/direct-way.ts';
import type { DirectWayHost } from '../way/direct-way.ts';
import { WAY_ASKED, WAY_DIRECT, WAY_NODE_IN_USE } from '../way/way-policy.ts';
import type { WayPolicy } from '../way/way-policy.ts';
import { countByServer } from './flow-counts.ts';
import { FlowTable } from './flow-table.ts';
import type { FlowTableListener } from './flow-table.ts';
import type { WorkerMessage } from './messages.ts';
import type { NodeTunnels } from './node-tunnels.ts';

const { maxFlows } = DEFAULT_TUNNEL_OPTIONS;
const SWEEP_INTERVAL_MS = 1_000;

/** What the local side needs of the data plane. */
export interface LocalSideHost {
  readonly engine: DatagramEngine;
  readonly counters: LocalCounters;
  readonly policy: WayPolicy;
  readonly memory: FecMemory;
  /** Whether the main thread says the ways of flows for which the policy asks it. */
  readonly isDecided: boolean;
  /** A flow ends after so long without a datagram in either direction. */
  readonly flowTimeoutMs: Milliseconds;
  /** 32 random bits. */
  readonly seed: number;
  tagFor(receiver: DatagramReceiver): number;
  /** Tells the main thread. */
  post(message: WorkerMessage): void;
}

/** The side of the programs: ingresses, flows, and the way that each flow takes. */
export class LocalSide implements IngressHost, DirectWayHost, FlowTableListener {
  readonly engine: DatagramEngine;
  readonly counters: LocalCounters;
  readonly #host: LocalSideHost;
  readonly #flows: FlowTable;
  readonly #direct: DirectWay;
  readonly #asked: AskedFlows;
  /** By their numbers; null where one is gone. */
  readonly #ingresses: (Ingress | null)[] = [];
  readonly #freeNumbers: number[] = [];
  #nodeTunnels: NodeTunnels | null = null;
  #sweptMs = 0;

  constructor(host: LocalSideHost) {
    this.engine = host.engine;
    this.counters = host.counters;
    this.#host = host;
    this.#direct = new DirectWay(this);
    this.#asked = this.#askedFlows(host);
    this.#flows = new FlowTable(maxFlows, host.seed, this);
  }

  /** The other side: nothing is carried before. */
  connect(nodeTunnels: NodeTunnels): void {
    this.#nodeTunnels = nodeTunnels;
  }

  /** Closes the flows that were silent for long. To be called now and then. */
  tick(nowMs: Milliseconds): void {
    this.#asked.tick(nowMs);
    if (((nowMs - this.#sweptMs) | 0) < SWEEP_INTERVAL_MS) return;
    this.#sweptMs = nowMs;
    this.#flows.closeIdle(this.#host.flowTimeoutMs, nowMs);
  }

  /** Everything given to the engine is sent. */
  sent(): void {
    this.#asked.sent();
  }

  /** The main thread says which way a flow goes. */
  obey({ id, way, isForced }: FlowCommand): void {
    this.#asked.setWay(id, way, isForced);
  }

  /** The main thread wants to know what flows have carried. */
  countFlows(): void {
    this.#host.post({ type: 'flow-counts', servers: countByServer(this.#flows, (flow) => this.#isKernels(flow)) });
  }

  // What ingresses call.

  flowFor(ingress: number, sourceIp: AddressHandle, sourcePort: Port, serverIp: AddressHandle, serverPort: Port): Flow | null {
    return this.#counted(this.#flows.flowFor(ingress, sourceIp, sourcePort, serverIp, serverPort, this.engine.clockMs));
  }

  flowByName(ingress: number, sourceIp: AddressHandle, sourcePort: Port, servers: ServerAddresses, serverPort: Port): Flow | null {
    return this.#counted(this.#flows.flowByName(ingress, sourceIp, sourcePort, servers, serverPort, this.engine.clockMs));
  }

  #counted(flow: Flow | null): Flow | null {
    if (flow !== null) return flow;
    const all = this.#flows.size >= maxFlows;
    this.counters.drops[all ? LocalDrop.flowLimit : LocalDrop.socksDestinations]++;
    return null;
  }

  carry(flow: Flow, offset: ArenaOffset, length: ByteLength): void {
    flow.lastActivityMs = this.engine.clockMs;
    const { way } = flow;
    if (way === WAY_NODE_IN_USE) this.#nodeTunnels?.carryByUsed(flow, offset, length);
    else if (way === WAY_DIRECT) this.#carryDirect(flow, offset, length);
    else if (way === WAY_ASKED) this.#asked.hold(flow, offset, length);
    else if (this.#nodeTunnels?.carryBy(way, flow, offset, length) === false) this.counters.drops[LocalDrop.noNodeTunnel]++;
    // One that waits comes again.
    if (way !== WAY_ASKED) flow.datagramsUp++;
  }

  addIngress(ingress: Ingress): number {
    const number = this.#freeNumbers.pop() ?? this.#ingresses.length;
    this.#ingresses[number] = ingress;
    return number;
  }

  removeIngress(number: number): void {
    this.#flows.closeOf(number);
    this.#ingresses[number] = null;
    this.#freeNumbers.push(number);
  }

  tagFor(receiver: DatagramReceiver): number {
    return this.#host.tagFor(receiver);
  }

  // What the flow table calls.

  mayOpen(ingress: number, flows: number): boolean {
    return flows < (this.#ingresses[ingress]?.maxFlows ?? 0);
  }

  flowOpened(flow: Flow): void {
    flow.way = this.#host.policy.decide(flow);
    flow.lastActivityMs = this.engine.clockMs;
    if (flow.way === WAY_ASKED) this.#asked.opened(flow);
  }

  flowGivesWay(): void {
    this.counters.values[LocalCounter.flowsGaveWay]++;
  }

  serverGivenUp({ destinationIp, destinationPort }: Flow, { name, ip }: ServerAddresses): void {
    this.#host.post({ type: 'server-given-up', name, port: destinationPort, silentIp: destinationIp >>> 0, nextIp: ip >>> 0 });
  }

  flowClosed(flow: Flow): void {
    this.#asked.closed(flow);
    this.#ingresses[flow.openedBy]?.flowClosed?.(flow);
    this.#direct.closeFlow(flow);
    this.#nodeTunnels?.closeFlow(flow);
  }

  // What ways call.

  /** The flow between a flow's program and somebody else, who has sent to it by a node. It goes the way of that flow. */
  otherSource(asked: LocalFlow, ip: AddressHandle, port: Port): Flow | null {
    if (!asked.isOpen) return null;
    const flow = this.flowFor(asked.ingress, asked.sourceIp, asked.sourcePort, ip, port);
    if (flow === null) return null;
    flow.localIp = asked.localIp;
    this.#asked.follow(flow, (asked as Flow).way);
    return flow;
  }

  deliver(flow: LocalFlow, offset: ArenaOffset, length: ByteLength): void {
    // A node that carried it before may answer when it is closed, and its ingress another one.
    if (!flow.isOpen) return;
    flow.lastActivityMs = this.engine.clockMs;
    (flow as Flow).datagramsDown++;
    this.#noteAnswer(flow as Flow);
    this.#ingresses[flow.ingress]?.deliver(flow, offset, length);
  }

  #askedFlows({ memory, isDecided, post }: LocalSideHost): AskedFlows {
    return new AskedFlows({
      engine: this.engine,
      counters: this.counters,
      memory,
      isDecided,
      post,
      isKernelDirect: ({ ingress }) => this.#leavesToKernel(ingress),
      resume: (flow, offset, length) => {
        const ingress = this.#ingresses[flow.ingress];
        if (ingress?.resume === undefined) this.carry(flow, offset, length);
        else ingress.resume(flow, offset, length);
      },
      leave: (flow) => {
        this.#direct.closeFlow(flow);
        this.#nodeTunnels?.closeFlow(flow);
      },
    });
  }

  #isKernels({ way, ingress }: Flow): boolean {
    return way === WAY_DIRECT && this.#leavesToKernel(ingress);
  }

  #leavesToKernel(ingress: number): boolean {
    return this.#ingresses[ingress]?.carryDirect !== undefined;
  }

  #carryDirect(flow: Flow, offset: ArenaOffset, length: ByteLength): void {
    const ingress = this.#ingresses[flow.ingress];
    if (ingress?.carryDirect === undefined) this.#direct.carry(flow, offset, length);
    else ingress.carryDirect(flow, offset, length);
  }

  /** All flows that tunnels and the direct way carry were opened here. */
  #noteAnswer(flow: Flow): void {
    if (flow.isAnswered) return;
    flow.isAnswered = true;
    this.#asked.answered(flow);
    flow.servers?.answered(flow.destinationIp);
  }
}
