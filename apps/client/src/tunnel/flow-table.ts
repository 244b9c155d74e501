import { KeyTable, SHORTEST_IDLE_MS } from '@lightspeed/session';
import type { AddressHandle, Milliseconds, Port } from '@lightspeed/wire';
import { Flow } from '../ingress/ingress.ts';
import type { ServerAddresses } from '../ingress/server-addresses.ts';

/** Who is asked and told about flows. */
export interface FlowTableListener {
  /** Whether an ingress that has opened so many flows may open one more. */
  mayOpen(ingress: number, flows: number): boolean;
  flowOpened(flow: Flow): void;
  /** A flow that was silent for long is closed next, because another one needs its place. */
  flowGivesWay(flow: Flow): void;
  flowClosed(flow: Flow): void;
  /** A game server is silent at the flow's address; its program goes on with the one that `servers` names now. */
  serverGivenUp(flow: Flow, servers: ServerAddresses): void;
}

/** Stands for all ingresses. */
const ANY = -1;

/** All flows of a client by program and game server. IPv4 addresses are int32 bit patterns. */
export class FlowTable {
  readonly #maxFlows: number;
  readonly #byAddresses: KeyTable;
  readonly #flows: (Flow | null)[] = [];
  readonly #freeIndexes: number[] = [];
  readonly #listener: FlowTableListener;
  /** How many flows each ingress has opened. */
  readonly #perIngress: number[] = [];
  /** By ingress, and for {@link ANY}, behind one another: until then no flow of it is idle for long enough to give way. */
  readonly #noneIdleUntilMs: number[] = [];
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

  /**
   * The flow of a program and a server, opened if there is none. If there are as many as there may be, the one that is silent for
   * longest gives way to it. Null if all are in use.
   */
  flowFor(
    ingress: number,
    sourceIp: AddressHandle,
    sourcePort: Port,
    serverIp: AddressHandle,
    serverPort: Port,
    nowMs: Milliseconds,
  ): Flow | null {
    const latest = this.#latest;
    if (
      latest !== null &&
      latest.isOpen &&
      latest.servers === null &&
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
      if (!this.#hasRoom(ingress, nowMs)) return null;
      flow = this.#open(new Flow(ingress, sourceIp, sourcePort, serverIp, serverPort));
    }
    flow.ingress = ingress;
    this.#latest = flow;
    return flow;
  }

  /** The same for a game server of which several addresses may be known, see `IngressHost.flowByName`. */
  flowByName(
    ingress: number,
    sourceIp: AddressHandle,
    sourcePort: Port,
    servers: ServerAddresses,
    serverPort: Port,
    nowMs: Milliseconds,
  ): Flow | null {
    let flow = this.#findByName(sourceIp, sourcePort, servers, serverPort);
    let attempts = 0;
    if (flow !== null && !flow.isAnswered && servers.count > 1 && flow.isGivenUp(nowMs, servers.count)) {
      servers.gaveUp(flow.destinationIp);
      attempts = flow.attempts + 1;
      this.#listener.serverGivenUp(flow, servers);
      this.#close(this.#indexOf(flow), flow);
      flow = null;
    }
    if (flow === null) {
      if (!this.#hasRoom(ingress, nowMs)) return null;
      const opened = new Flow(ingress, sourceIp, sourcePort, servers.ip, serverPort);
      opened.servers = servers;
      opened.attempts = attempts;
      flow = this.#open(opened);
    }
    flow.ingress = ingress;
    this.#latest = flow;
    return flow;
  }

  #findByName(sourceIp: AddressHandle, sourcePort: Port, servers: ServerAddresses, serverPort: Port): Flow | null {
    const latest = this.#latest;
    if (
      latest !== null &&
      latest.isOpen &&
      latest.servers === servers &&
      latest.sourcePort === sourcePort &&
      latest.sourceIp === sourceIp &&
      latest.destinationPort === serverPort
    ) {
      return latest;
    }
    const index = this.#byAddresses.get(sourceIp, (sourcePort << 16) | serverPort, 0, servers.id);
    return index < 0 ? null : this.#flows[index];
  }

  #indexOf(flow: Flow): number {
    return this.#byAddresses.get(flow.sourceIp, portsOf(flow), serverKeyOf(flow), flow.servers?.id ?? 0);
  }

  /** Calls with each flow that is open. */
  each(take: (flow: Flow) => void): void {
    for (const flow of this.#flows) if (flow !== null) take(flow);
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

  #hasRoom(ingress: number, nowMs: Milliseconds): boolean {
    if (!this.#listener.mayOpen(ingress, this.#perIngress[ingress] ?? 0)) return this.#closeLongestIdle(ingress, nowMs);
    return this.#size < this.#maxFlows || this.#closeLongestIdle(ANY, nowMs);
  }

  /** Whoever is refused tries again at once, and there are very many flows: they are looked through once one may be idle for long enough. */
  #closeLongestIdle(ingress: number, nowMs: Milliseconds): boolean {
    const waitMs = ((this.#noneIdleUntilMs[ingress + 1] ?? nowMs) - nowMs) | 0;
    if (waitMs > 0 && waitMs <= SHORTEST_IDLE_MS) return false;
    let longest = -1;
    let longestMs = -1;
    for (let index = 0; index < this.#flows.length; index++) {
      const flow = this.#flows[index];
      if (flow === null || (ingress !== ANY && flow.openedBy !== ingress)) continue;
      const silentMs = (nowMs - flow.lastActivityMs) | 0;
      if (silentMs <= longestMs) continue;
      longest = index;
      longestMs = silentMs;
    }
    const flow = longest < 0 ? null : this.#flows[longest];
    if (flow === null) return false;
    if (longestMs < SHORTEST_IDLE_MS) {
      while (this.#noneIdleUntilMs.length <= ingress + 1) this.#noneIdleUntilMs.push(nowMs);
      this.#noneIdleUntilMs[ingress + 1] = (nowMs + SHORTEST_IDLE_MS - longestMs) | 0;
      return false;
    }
    this.#listener.flowGivesWay(flow);
    this.#close(longest, flow);
    return true;
  }

  #open(flow: Flow): Flow {
    const index = this.#freeIndexes.pop() ?? this.#flows.length;
    this.#flows[index] = flow;
    this.#byAddresses.set(flow.sourceIp, portsOf(flow), serverKeyOf(flow), flow.servers?.id ?? 0, index);
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
    this.#byAddresses.delete(flow.sourceIp, portsOf(flow), serverKeyOf(flow), flow.servers?.id ?? 0);
    this.#size--;
    this.#perIngress[flow.openedBy]--;
    if (this.#latest === flow) this.#latest = null;
    this.#listener.flowClosed(flow);
  }
}

function portsOf({ sourcePort, destinationPort }: Flow): number {
  return (sourcePort << 16) | destinationPort;
}

/** The address of a server that is known by its name is no part of the key: it may be another one later. */
function serverKeyOf({ destinationIp, servers }: Flow): number {
  return servers === null ? destinationIp : 0;
}
