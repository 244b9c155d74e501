import type { PacketWriter } from '../packet-writer.ts';
import { SendFlow } from '../send-flow.ts';
import type { SendState } from '../send-flow.ts';
import { KeyTable } from '../key-table.ts';

/** One local program's talk with one game server. */
export class TunnelFlow extends SendFlow {
  readonly index: number;
  /** The ingress through which the program sent last: answers leave by it. */
  ingress: number;
  /** The last datagram in either direction. */
  lastActivityMs: number;
  /** Whether a payload over the safe size was seen. */
  oversizeSeen = false;

  constructor(
    index: number,
    stream: SendState,
    localIp: number,
    localPort: number,
    serverIp: number,
    serverPort: number,
    ingress: number,
    nowMs: number,
  ) {
    super(stream, localIp, localPort, serverIp, serverPort);
    this.index = index;
    this.ingress = ingress;
    this.lastActivityMs = nowMs;
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

  constructor(maxFlows: number, writer: PacketWriter, random: () => number) {
    this.#maxFlows = maxFlows;
    this.#writer = writer;
    this.#byAddresses = new KeyTable(random());
  }

  get size(): number {
    return this.#count;
  }

  at(index: number): TunnelFlow | null {
    return this.#flows[index];
  }

  find(localIp: number, localPort: number, serverIp: number, serverPort: number): TunnelFlow | null {
    const index = this.#byAddresses.get(localIp, (localPort << 16) | serverPort, serverIp, 0);
    return index < 0 ? null : this.#flows[index];
  }

  /** Opens a flow, or gives null if there are as many as there may be. */
  open(
    stream: SendState,
    localIp: number,
    localPort: number,
    serverIp: number,
    serverPort: number,
    ingress: number,
    nowMs: number,
  ): TunnelFlow | null {
    if (this.#count >= this.#maxFlows) return null;
    const index = this.#freeIndexes.pop() ?? this.#flows.length;
    const flow = new TunnelFlow(index, stream, localIp, localPort, serverIp, serverPort, ingress, nowMs);
    this.#flows[index] = flow;
    this.#byAddresses.set(localIp, (localPort << 16) | serverPort, serverIp, 0, index);
    this.#count++;
    return flow;
  }

  /** Closes the flows that were silent for `idleMs`; with 0 all of them. */
  closeIdle(idleMs: number, nowMs: number): void {
    for (let index = 0; index < this.#flows.length; index++) {
      const flow = this.#flows[index];
      if (flow === null || ((nowMs - flow.lastActivityMs) | 0) < idleMs) continue;
      this.#writer.forget(flow);
      const { sourceIp, sourcePort, destinationIp, destinationPort } = flow;
      this.#byAddresses.delete(sourceIp, (sourcePort << 16) | destinationPort, destinationIp, 0);
      this.#flows[index] = null;
      this.#freeIndexes.push(index);
      this.#count--;
    }
  }
}
