import type { PacketWriter } from '../packet-writer.ts';
import { KeyTable } from '../key-table.ts';
import type { EgressAllocator } from './egress-allocator.ts';
import { RelayFlow } from './relay-session.ts';
import type { RelaySession } from './relay-session.ts';

/** A relay's flows: upstream by session and addresses, downstream by egress socket and server. */
export class FlowTable {
  readonly #egress: EgressAllocator;
  readonly #writer: PacketWriter;
  readonly #flows: (RelayFlow | null)[] = [];
  readonly #freeIndexes: number[] = [];
  readonly #up: KeyTable;
  readonly #down: KeyTable;
  #count = 0;

  constructor(egress: EgressAllocator, writer: PacketWriter, random: () => number) {
    this.#egress = egress;
    this.#writer = writer;
    this.#up = new KeyTable(random());
    this.#down = new KeyTable(random());
  }

  get size(): number {
    return this.#count;
  }

  at(index: number): RelayFlow | null {
    return this.#flows[index];
  }

  /** The flow of a client's packet, or null. */
  findUp(
    session: RelaySession,
    clientIp: number,
    clientPort: number,
    serverIp: number,
    serverPort: number,
  ): RelayFlow | null {
    const latest = session.latestFlow;
    if (
      latest !== null &&
      latest.sourceIp === serverIp &&
      latest.sourcePort === serverPort &&
      latest.destinationPort === clientPort &&
      latest.destinationIp === clientIp
    ) {
      return latest;
    }
    const index = this.#up.get(session.slot, serverIp, (serverPort << 16) | clientPort, clientIp);
    if (index < 0) return null;
    const flow = this.#flows[index];
    session.latestFlow = flow;
    return flow;
  }

  /** The flow of a server's datagram, or null. */
  findDown(egress: number, serverIp: number, serverPort: number): RelayFlow | null {
    const index = this.#down.get(egress, serverIp, serverPort, 0);
    return index < 0 ? null : this.#flows[index];
  }

  /**
   * Opens a flow with a socket of its own or shared; null if there is no socket to be had.
   * @param egressPort the local port that it should have if that is possible.
   */
  open(
    session: RelaySession,
    clientIp: number,
    clientPort: number,
    serverIp: number,
    serverPort: number,
    nowMs: number,
    egressPort = 0,
  ): RelayFlow | null {
    const egress = this.#egress.take(session, clientIp, clientPort, serverIp, serverPort, egressPort);
    if (egress < 0) return null;
    const index = this.#freeIndexes.pop() ?? this.#flows.length;
    const flow = new RelayFlow(index, session, clientIp, clientPort, serverIp, serverPort, egress, nowMs);
    this.#flows[index] = flow;
    this.#up.set(session.slot, serverIp, (serverPort << 16) | clientPort, clientIp, index);
    this.#down.set(egress, serverIp, serverPort, 0, index);
    flow.nextOfSession = session.firstFlow;
    session.firstFlow = flow;
    session.latestFlow = flow;
    session.flowCount++;
    this.#count++;
    return flow;
  }

  /** Closes those flows of a session to which the client has sent nothing for `idleMs`; with 0 all of them. */
  closeIdle(session: RelaySession, idleMs: number, nowMs: number): void {
    let kept: RelayFlow | null = null;
    let flow = session.firstFlow;
    while (flow !== null) {
      const next = flow.nextOfSession;
      if (((nowMs - flow.lastUpMs) | 0) >= idleMs) {
        this.#close(flow);
      } else {
        flow.nextOfSession = kept;
        kept = flow;
      }
      flow = next;
    }
    session.firstFlow = kept;
  }

  #close(flow: RelayFlow): void {
    const { session, index } = flow;
    this.#writer.forget(flow);
    this.#up.delete(session.slot, flow.sourceIp, (flow.sourcePort << 16) | flow.destinationPort, flow.destinationIp);
    this.#down.delete(flow.egress, flow.sourceIp, flow.sourcePort, 0);
    this.#flows[index] = null;
    this.#freeIndexes.push(index);
    if (session.latestFlow === flow) session.latestFlow = null;
    session.flowCount--;
    this.#count--;
    this.#egress.release(flow);
  }
}
