import type { DestinationPolicy } from '@lightspeed/security';
import type { AddressHandle, EgressId, FlowIndex, Microseconds, Milliseconds, Port } from '@lightspeed/wire';
import type { PacketWriter } from '../packet-writer.ts';
import { KeyTable } from '../key-table.ts';
import type { EgressAllocator } from './egress-allocator.ts';
import type { FlowReports } from './flow-reports.ts';
import { RelayFlow } from './relay-session.ts';
import type { RelaySession } from './relay-session.ts';

/** Up to so many flows of a session are looked through; for more there is a table. Most sessions have one flow. */
const FLOWS_WITHOUT_TABLE = 4;

/** A relay's flows: upstream by session and addresses, downstream by egress socket and server. */
export class FlowTable {
  readonly #egress: EgressAllocator;
  readonly #writer: PacketWriter;
  readonly #reports: FlowReports;
  readonly #flows: (RelayFlow | null)[] = [];
  readonly #freeIndexes: number[] = [];
  /** By session slot, server ip, both ports, client ip: flows of sessions that have, or had, more than a few. */
  readonly #up: KeyTable;
  readonly #down: KeyTable;
  #count = 0;

  /** @param bySocket flows by (socket, server ip, server port, 0), kept by this table. */
  constructor(egress: EgressAllocator, writer: PacketWriter, reports: FlowReports, bySocket: KeyTable, random: () => number) {
    this.#egress = egress;
    this.#writer = writer;
    this.#reports = reports;
    this.#up = new KeyTable(random());
    this.#down = bySocket;
  }

  get size(): number {
    return this.#count;
  }

  at(index: FlowIndex): RelayFlow | null {
    return this.#flows[index];
  }

  /** The flow of a client's packet, or null. */
  findUp(session: RelaySession, clientIp: AddressHandle, clientPort: Port, serverIp: AddressHandle, serverPort: Port): RelayFlow | null {
    const latest = session.latestFlow;
    if (latest?.carries(clientIp, clientPort, serverIp, serverPort) === true) return latest;
    const flow =
      session.flowCount <= FLOWS_WITHOUT_TABLE
        ? findAmongFew(session, clientIp, clientPort, serverIp, serverPort)
        : this.#findAmongMany(session, clientIp, clientPort, serverIp, serverPort);
    if (flow !== null) session.latestFlow = flow;
    return flow;
  }

  #findAmongMany(
    session: RelaySession,
    clientIp: AddressHandle,
    clientPort: Port,
    serverIp: AddressHandle,
    serverPort: Port,
  ): RelayFlow | null {
    const index = this.#up.get(session.slot, serverIp, (serverPort << 16) | clientPort, clientIp);
    return index < 0 ? null : this.#flows[index];
  }

  /** The flow of a server's datagram, or null. */
  findDown(egress: EgressId, serverIp: AddressHandle, serverPort: Port): RelayFlow | null {
    const index = this.#down.get(egress, serverIp, serverPort, 0);
    return index < 0 ? null : this.#flows[index];
  }

  /**
   * Opens a flow with a socket of its own or shared; null if there is no socket to be had.
   * @param egressPort the local port that it should have if that is possible.
   */
  open(
    session: RelaySession,
    clientIp: AddressHandle,
    clientPort: Port,
    serverIp: AddressHandle,
    serverPort: Port,
    nowMs: Milliseconds,
    egressPort = 0,
  ): RelayFlow | null {
    const egress = this.#egress.take(session, clientIp, clientPort, serverIp, serverPort, egressPort);
    if (egress < 0) return null;
    const index = this.#freeIndexes.pop() ?? this.#flows.length;
    const flow = new RelayFlow(index, session, clientIp, clientPort, serverIp, serverPort, egress, nowMs);
    this.#flows[index] = flow;
    this.#down.set(egress, serverIp, serverPort, 0, index);
    flow.nextOfSession = session.firstFlow;
    session.firstFlow = flow;
    session.latestFlow = flow;
    session.isChanged = true;
    session.flowCount++;
    this.#count++;
    if (session.flowCount > FLOWS_WITHOUT_TABLE) this.#tabulate(session);
    const { agreed } = session.receiving;
    if (agreed !== null) this.#writer.protect(flow, agreed);
    this.#reports.opened(flow);
    return flow;
  }

  /** Sets the group size of a flow's packets to the client; 0 ends FEC for it. */
  setGroupSize(flow: RelayFlow, groupSize: number, nowUs: Microseconds): void {
    // Whose ends have agreed on protection gets that.
    if (flow.groupSize === groupSize || flow.session.receiving.agreed !== null) return;
    this.#writer.setGroupSize(flow, groupSize, nowUs);
    flow.session.isChanged = true;
    this.#reports.changed(flow);
  }

  /** Puts the session's newest flow into the table, or all of them if it has just become too many to look through. */
  #tabulate(session: RelaySession): void {
    let flow = session.firstFlow;
    let count = session.flowCount === FLOWS_WITHOUT_TABLE + 1 ? session.flowCount : 1;
    for (; flow !== null && count > 0; count--) {
      const { sourceIp, sourcePort, destinationIp, destinationPort } = flow;
      this.#up.set(session.slot, sourceIp, (sourcePort << 16) | destinationPort, destinationIp, flow.index);
      flow = flow.nextOfSession;
    }
  }

  /** Closes those flows of a session to which the client has sent nothing for `idleMs`; with 0 all of them. */
  closeIdle(session: RelaySession, idleMs: Milliseconds, nowMs: Milliseconds): void {
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

  /**
   * Closes the flow of a session to which the client has sent nothing for longest, if that is `idleMs` at least.
   * @returns whether there was one.
   */
  closeLongestIdle(session: RelaySession, idleMs: Milliseconds, nowMs: Milliseconds): boolean {
    let longest: RelayFlow | null = null;
    let beforeLongest: RelayFlow | null = null;
    let longestMs = idleMs - 1;
    let before: RelayFlow | null = null;
    for (let flow = session.firstFlow; flow !== null; flow = flow.nextOfSession) {
      const silentMs = (nowMs - flow.lastUpMs) | 0;
      if (silentMs > longestMs) {
        longest = flow;
        beforeLongest = before;
        longestMs = silentMs;
      }
      before = flow;
    }
    if (longest === null) return false;
    if (beforeLongest === null) session.firstFlow = longest.nextOfSession;
    else beforeLongest.nextOfSession = longest.nextOfSession;
    this.#close(longest);
    return true;
  }

  /** Closes those flows of a session that go where they may not go any more. */
  closeDenied(session: RelaySession, policy: DestinationPolicy): void {
    let kept: RelayFlow | null = null;
    let flow = session.firstFlow;
    while (flow !== null) {
      const next = flow.nextOfSession;
      if (policy.verdict(flow.sourceIp, flow.sourcePort) !== 0) {
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
    this.#reports.closed(flow);
    this.#writer.forget(flow);
    this.#up.delete(session.slot, flow.sourceIp, (flow.sourcePort << 16) | flow.destinationPort, flow.destinationIp);
    this.#down.delete(flow.egress, flow.sourceIp, flow.sourcePort, 0);
    this.#flows[index] = null;
    this.#freeIndexes.push(index);
    if (session.latestFlow === flow) session.latestFlow = null;
    session.isChanged = true;
    session.flowCount--;
    this.#count--;
    this.#egress.release(flow);
  }
}

function findAmongFew(
  session: RelaySession,
  clientIp: AddressHandle,
  clientPort: Port,
  serverIp: AddressHandle,
  serverPort: Port,
): RelayFlow | null {
  for (let flow = session.firstFlow; flow !== null; flow = flow.nextOfSession) {
    if (flow.carries(clientIp, clientPort, serverIp, serverPort)) return flow;
  }
  return null;
}
