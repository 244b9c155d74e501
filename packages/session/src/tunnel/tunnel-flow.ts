import type { AddressHandle, FlowIndex, Milliseconds, Port } from '@lightspeed/wire';
import type { PacketWriter } from '../packet-writer.ts';
import { SendFlow } from '../protection/send-flow.ts';
import type { SendState } from '../protection/send-flow.ts';
import { KeyTable } from '../key-table.ts';
import { SHORTEST_IDLE_MS } from '../shortest-idle.ts';

/**
 * One local program's talk with one game server, as whoever drives tunnels keeps it: it outlives a change of the node that
 * carries it. IPv4 addresses are int32 bit patterns.
 */
export class LocalFlow {
  /** The driver's number of the ingress through which the program sent last: answers leave by it. */
  ingress: number;
  /** The local address at which the ingress got that: answers leave from there. 0 leaves it to the system. For drivers only. */
  localIp: AddressHandle = 0;
  /** The program. */
  readonly sourceIp: AddressHandle;
  readonly sourcePort: Port;
  /** The game server. */
  readonly destinationIp: AddressHandle;
  readonly destinationPort: Port;
  /** Whether the driver still knows it: answers that come later are dropped. */
  isOpen = true;
  /** The last datagram in either direction, by the driver's clock in wrapping int32 milliseconds. */
  lastActivityMs = 0;
  /** What the tunnel that carried its last datagram knows about it. Only tunnels write it. */
  carried: TunnelFlow | null = null;

  constructor(ingress: number, sourceIp: AddressHandle, sourcePort: Port, destinationIp: AddressHandle, destinationPort: Port) {
    this.ingress = ingress;
    this.sourceIp = sourceIp | 0;
    this.sourcePort = sourcePort;
    this.destinationIp = destinationIp | 0;
    this.destinationPort = destinationPort;
  }
}

/** A local flow as one tunnel carries it. */
export class TunnelFlow extends SendFlow {
  readonly index: FlowIndex;
  /** The table that it is in; null once it is closed. */
  table: TunnelFlowTable | null;
  /** Where its answers go. */
  local: LocalFlow;
  /** The last datagram in either direction. */
  lastActivityMs: Milliseconds;
  /** The table's number of its program's last datagram, wrapping. */
  lastTurn: number;
  /** Whether a payload over the safe size was seen. */
  oversizeSeen = false;

  constructor(table: TunnelFlowTable, index: FlowIndex, sending: SendState, local: LocalFlow, nowMs: Milliseconds) {
    super(sending, local.sourceIp, local.sourcePort, local.destinationIp, local.destinationPort);
    this.table = table;
    this.index = index;
    this.local = local;
    this.lastActivityMs = nowMs;
    this.lastTurn = table.nextTurn();
  }
}

/** A tunnel's flows by local program and game server. */
export class TunnelFlowTable {
  readonly #maxFlows: number;
  readonly #writer: PacketWriter;
  readonly #byAddresses: KeyTable;
  readonly #flows: (TunnelFlow | null)[] = [];
  readonly #freeIndexes: number[] = [];
  #count = 0;
  #turn = 0;

  constructor(maxFlows: number, writer: PacketWriter, random: () => number) {
    this.#maxFlows = maxFlows;
    this.#writer = writer;
    this.#byAddresses = new KeyTable(random());
  }

  get size(): number {
    return this.#count;
  }

  at(index: FlowIndex): TunnelFlow | null {
    return this.#flows[index];
  }

  forEach(visit: (flow: TunnelFlow) => void): void {
    for (const flow of this.#flows) if (flow !== null) visit(flow);
  }

  find(localIp: AddressHandle, localPort: Port, serverIp: AddressHandle, serverPort: Port): TunnelFlow | null {
    const index = this.#byAddresses.get(localIp, (localPort << 16) | serverPort, serverIp, 0);
    return index < 0 ? null : this.#flows[index];
  }

  /** Numbers the programs' datagrams, which may come several in a millisecond. */
  nextTurn(): number {
    this.#turn = (this.#turn + 1) | 0;
    return this.#turn;
  }

  /** The flow to a server whose program has sent last, or null: for nodes whose answers do not name the program. */
  findLatest(serverIp: AddressHandle, serverPort: Port): TunnelFlow | null {
    const flows = this.#flows;
    let latest: TunnelFlow | null = null;
    for (let index = 0; index < flows.length; index++) {
      const flow = flows[index];
      if (flow === null || flow.destinationIp !== serverIp || flow.destinationPort !== serverPort) continue;
      if (latest === null || ((flow.lastTurn - latest.lastTurn) | 0) > 0) latest = flow;
    }
    return latest;
  }

  /** The flow of a program that has sent last, or null. */
  findLatestOf(localIp: AddressHandle, localPort: Port): TunnelFlow | null {
    let latest: TunnelFlow | null = null;
    for (const flow of this.#flows) {
      if (flow === null || flow.sourceIp !== localIp || flow.sourcePort !== localPort) continue;
      if (latest === null || ((flow.lastTurn - latest.lastTurn) | 0) > 0) latest = flow;
    }
    return latest;
  }

  /** Opens a flow. If there are as many as there may be, the one that is silent for longest gives way, or null is given. */
  open(sending: SendState, local: LocalFlow, nowMs: Milliseconds): TunnelFlow | null {
    if (this.#count >= this.#maxFlows && !this.#closeLongestIdle(nowMs)) return null;
    const index = this.#freeIndexes.pop() ?? this.#flows.length;
    const flow = new TunnelFlow(this, index, sending, local, nowMs);
    const { sourceIp, sourcePort, destinationIp, destinationPort } = local;
    this.#flows[index] = flow;
    this.#byAddresses.set(sourceIp, (sourcePort << 16) | destinationPort, destinationIp, 0, index);
    this.#count++;
    return flow;
  }

  /** Closes a flow that is in the table. */
  close(flow: TunnelFlow): void {
    this.#writer.forget(flow);
    const { index, sourceIp, sourcePort, destinationIp, destinationPort } = flow;
    this.#byAddresses.delete(sourceIp, (sourcePort << 16) | destinationPort, destinationIp, 0);
    this.#flows[index] = null;
    this.#freeIndexes.push(index);
    this.#count--;
    flow.table = null;
    if (flow.local.carried === flow) flow.local.carried = null;
  }

  /** There may be more flows than programs have: some were carried on by another node. */
  #closeLongestIdle(nowMs: Milliseconds): boolean {
    let longest: TunnelFlow | null = null;
    let longestMs = SHORTEST_IDLE_MS - 1;
    for (const flow of this.#flows) {
      if (flow === null || ((nowMs - flow.lastActivityMs) | 0) <= longestMs) continue;
      longest = flow;
      longestMs = (nowMs - flow.lastActivityMs) | 0;
    }
    if (longest !== null) this.close(longest);
    return longest !== null;
  }

  /** Closes the flows that were silent for `idleMs`; with 0 all of them. */
  closeIdle(idleMs: Milliseconds, nowMs: Milliseconds): void {
    for (let index = 0; index < this.#flows.length; index++) {
      const flow = this.#flows[index];
      if (flow !== null && ((nowMs - flow.lastActivityMs) | 0) >= idleMs) this.close(flow);
    }
  }
}
