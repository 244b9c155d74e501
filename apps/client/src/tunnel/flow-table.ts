import { KeyTable } from '@lightspeed/session';
import type { AddressHandle, Milliseconds, Port } from '@lightspeed/wire';
import { Flow } from '../ingress/ingress.ts';

/** Who is asked and told about flows. */
export interface FlowTableListener {
  /** Whether an ingress that has opened so many flows may open one more. */
  mayOpen(ingress: number, flows: number): boolean;
  flowOpened(flow: Flow): void;
  flowClosed(flow: Flow): void;
}

/** All flows of a client by program and game server. IPv4 addresses are int32 bit patterns. */
export class FlowTable {
  readonly #maxFlows: number;
  readonly #byAddresses: KeyTable;
  readonly #flows: (Flow | null)[] = [];
  readonly #freeIndexes: number[] = [];
  readonly #listener: FlowTableListener;
  /** How many flows each ingress has opened. */
  readonly #perIngress: number[] = [];
  #size = 0;
  /** The flow of the last datagram: nearly always that of the next one too. */
  #latest: Flow | null = null;

  /** @param seed 32 random bits. */
  constructor(maxFlows: number, seed: number, listener: FlowTableListener) {
    this.#maxFlows = maxFlows;
    this.#byAddresses = new KeyTable(seed);
    this.#listener = listener;
  }

  get size(): number {
    return this.#size;
  }

  /** The flow of a program and a server, opened if there is none; null if there are as many as there may be. */
  flowFor(ingress: number, sourceIp: AddressHandle, sourcePort: Port, serverIp: AddressHandle, serverPort: Port): Flow | null {
    const latest = this.#latest;
    if (
      latest !== null &&
      latest.isOpen &&
      latest.sourcePort === sourcePort &&
      latest.sourceIp === sourceIp &&
      latest.destinationIp === serverIp &&
      latest.destinationPort === serverPort
    ) {
      latest.ingress = ingress;
      return latest;
    }
    const index = this.#byAddresses.get(sourceIp, (sourcePort << 16) | serverPort, serverIp, 0);
    let flow = index < 0 ? null : this.#flows[index];
    if (flow === null) {
      if (this.#size >= this.#maxFlows || !this.#listener.mayOpen(ingress, this.#perIngress[ingress] ?? 0)) return null;
      flow = this.#open(new Flow(ingress, sourceIp, sourcePort, serverIp, serverPort));
    }
    flow.ingress = ingress;
    this.#latest = flow;
    return flow;
  }

  /** Closes the flows that were silent for `idleMs`. */
  closeIdle(idleMs: Milliseconds, nowMs: Milliseconds): void {
    for (let index = 0; index < this.#flows.length; index++) {
      const flow = this.#flows[index];
      if (flow !== null && ((nowMs - flow.lastActivityMs) | 0) >= idleMs) this.#close(index, flow);
    }
  }

  /** Closes the flows of one ingress. */
  closeOf(ingress: number): void {
    for (let index = 0; index < this.#flows.length; index++) {
      const flow = this.#flows[index];
      if (flow !== null && (flow.ingress === ingress || flow.openedBy === ingress)) this.#close(index, flow);
    }
  }

  #open(flow: Flow): Flow {
    const index = this.#freeIndexes.pop() ?? this.#flows.length;
    this.#flows[index] = flow;
    this.#byAddresses.set(flow.sourceIp, (flow.sourcePort << 16) | flow.destinationPort, flow.destinationIp, 0, index);
    this.#size++;
    flow.openedBy = flow.ingress;
    this.#perIngress[flow.openedBy] = (this.#perIngress[flow.openedBy] ?? 0) + 1;
    this.#listener.flowOpened(flow);
    return flow;
  }

  #close(index: number, flow: Flow): void {
    flow.isOpen = false;
    this.#flows[index] = null;
    this.#freeIndexes.push(index);
    this.#byAddresses.delete(flow.sourceIp, (flow.sourcePort << 16) | flow.destinationPort, flow.destinationIp, 0);
    this.#size--;
    this.#perIngress[flow.openedBy]--;
    if (this.#latest === flow) this.#latest = null;
    this.#listener.flowClosed(flow);
  }
}
