import type { AddressHandle, EgressId, Port } from '@lightspeed/wire';
import { KeyTable } from '../key-table.ts';
import type { FairShares } from './fair-shares.ts';
import type { RelayOptions, RelayOutput } from './relay-options.ts';
import type { RelayFlow, RelaySession } from './relay-session.ts';

/**
 * Gives egress sockets to flows, so that a server's answer names its flow by (socket, server address) alone.
 *
 * ```
 *   shared                  server A   server B          endpoint-independent
 *     pool position 0       flow 1     flow 4              session 1, source :5000   socket 0   all its servers
 *     pool position 1       flow 2     flow 5              session 1, source :5001   socket 1   all its servers
 *     pool position 2       flow 3                         session 2, source :5000   socket 2   all its servers
 * ```
 *
 * Shared: a flow takes the first position that has no flow to its server yet. So there are as many sockets as the
 * largest number of players on one server. A socket without flows is closed. No account may open more than its share.
 */
export class EgressAllocator {
  readonly #options: Pick<RelayOptions, 'egressFiltering' | 'egressMapping'>;
  readonly #output: RelayOutput;
  /** Shared sockets by position in the pool; -1 where there is none now. */
  readonly #pool: number[] = [];
  /** Flows by socket and server. */
  readonly #flows: KeyTable;
  /** By server: no position below this one is free. */
  readonly #firstCandidate: KeyTable;
  readonly #flowsByServer: KeyTable;
  /** By the driver's number: how many flows use the socket, and its position in the pool or -1. */
  readonly #users: number[] = [];
  readonly #position: number[] = [];
  /** By the driver's number: for whom it was opened. */
  readonly #owner: number[] = [];
  /** By the driver's number: the session whose own it is; null for a shared one. */
  readonly #session: (RelaySession | null)[] = [];
  readonly #shares: FairShares;
  #open = 0;

  /** @param flows all flows by (socket, server ip, server port, 0); only read here. */
  constructor(
    options: Pick<RelayOptions, 'egressFiltering' | 'egressMapping'>,
    output: RelayOutput,
    flows: KeyTable,
    shares: FairShares,
    random: () => number,
  ) {
    this.#options = options;
    this.#output = output;
    this.#flows = flows;
    this.#shares = shares;
    this.#firstCandidate = new KeyTable(random());
    this.#flowsByServer = new KeyTable(random());
  }

  /** How many sockets are open. */
  get openSockets(): number {
    return this.#open;
  }

  /**
   * A socket for a new flow of `session`, or -1 if there is none to be had.
   * @param port the local port that it should have if that is possible, 0 for any.
   */
  take(session: RelaySession, clientIp: AddressHandle, clientPort: Port, serverIp: AddressHandle, serverPort: Port, port: Port): EgressId {
    return this.#options.egressMapping === 'shared' && !this.hearsAnySource(session)
      ? this.#takeShared(session, serverIp, serverPort, port)
      : this.#takeOwn(session, clientIp, clientPort, port);
  }

  /** Whether a session hears whoever sends to its sockets: nobody else uses those. */
  hearsAnySource({ registration }: Pick<RelaySession, 'registration'>): boolean {
    return this.#options.egressFiltering === 'endpoint-independent' && registration?.hearsAnySource === true;
  }

  /** The flow of a socket that belongs to one session, to which its client has sent last; null for a shared socket. */
  latestFlowOf(egress: EgressId): RelayFlow | null {
    let latest: RelayFlow | null = null;
    for (let flow = this.#session[egress]?.firstFlow ?? null; flow !== null; flow = flow.nextOfSession) {
      if (flow.egress === egress && (latest === null || ((flow.lastUpMs - latest.lastUpMs) | 0) > 0)) latest = flow;
    }
    return latest;
  }

  /** The flow is gone, from the table of flows too; a socket that nobody uses any more is closed. */
  release(flow: RelayFlow): void {
    const { egress, serverIp, serverPort } = flow;
    const position = this.#position[egress];
    if (position >= 0) this.#releaseShared(position, serverIp, serverPort);
    this.#users[egress]--;
    if (this.#users[egress] > 0) return;
    if (position >= 0) this.#pool[position] = -1;
    this.#session[egress] = null;
    this.#open--;
    this.#shares.giveSocket(this.#owner[egress]);
    this.#output.closeEgress(egress);
  }

  #takeShared(session: RelaySession, serverIp: AddressHandle, serverPort: Port, port: Port): number {
    const position = port === 0 ? this.#firstFree(serverIp, serverPort) : this.#positionFor(serverIp, serverPort, port);
    let egress = position < this.#pool.length ? this.#pool[position] : -1;
    if (egress < 0) {
      egress = this.#openSocket(session, position, port);
      if (egress < 0) return -1;
      this.#pool[position] = egress;
    }
    if (port === 0) this.#firstCandidate.set(serverIp, serverPort, 0, 0, position + 1);
    this.#flowsByServer.set(serverIp, serverPort, 0, 0, Math.max(0, this.#flowsByServer.get(serverIp, serverPort, 0, 0)) + 1);
    this.#users[egress]++;
    return egress;
  }

  #firstFree(serverIp: AddressHandle, serverPort: Port): number {
    let position = Math.max(0, this.#firstCandidate.get(serverIp, serverPort, 0, 0));
    while (this.#isTaken(position, serverIp, serverPort)) position++;
    return position;
  }

  /** Whether the socket at a position has a flow to the server. */
  #isTaken(position: number, serverIp: AddressHandle, serverPort: Port): boolean {
    const egress = position < this.#pool.length ? this.#pool[position] : -1;
    return egress >= 0 && this.#flows.get(egress, serverIp, serverPort, 0) >= 0;
  }

  /** The position of the socket with a local port if it is free for the server, else a new one. */
  #positionFor(serverIp: AddressHandle, serverPort: Port, port: Port): number {
    const position = this.#pool.findIndex((egress) => egress >= 0 && this.#output.egressPort(egress) === port);
    if (position >= 0 && !this.#isTaken(position, serverIp, serverPort)) return position;
    // Only while sessions are restored: an empty position in the middle is as good as one at the end.
    const empty = this.#pool.indexOf(-1);
    return empty >= 0 ? empty : this.#pool.length;
  }

  #releaseShared(position: number, serverIp: AddressHandle, serverPort: Port): void {
    const flows = this.#flowsByServer.get(serverIp, serverPort, 0, 0) - 1;
    if (flows <= 0) {
      this.#flowsByServer.delete(serverIp, serverPort, 0, 0);
      this.#firstCandidate.delete(serverIp, serverPort, 0, 0);
      return;
    }
    this.#flowsByServer.set(serverIp, serverPort, 0, 0, flows);
    const candidate = this.#firstCandidate.get(serverIp, serverPort, 0, 0);
    if (candidate >= 0 && position < candidate) {
      this.#firstCandidate.set(serverIp, serverPort, 0, 0, position);
    }
  }

  #takeOwn(session: RelaySession, clientIp: AddressHandle, clientPort: Port, port: Port): number {
    for (let flow = session.firstFlow; flow !== null; flow = flow.nextOfSession) {
      if (flow.destinationIp !== clientIp || flow.destinationPort !== clientPort) continue;
      this.#users[flow.egress]++;
      return flow.egress;
    }
    const egress = this.#openSocket(session, -1, port);
    if (egress >= 0) this.#users[egress]++;
    return egress;
  }

  #openSocket(session: RelaySession, position: number, port: Port): number {
    if (!this.#shares.takeSocket(session, port !== 0)) return -1;
    const egress = this.#output.openEgress(port);
    if (egress < 0) {
      this.#shares.giveSocket(session.owner);
      return -1;
    }
    this.#owner[egress] = session.owner;
    this.#session[egress] = position < 0 ? session : null;
    this.#users[egress] = 0;
    this.#position[egress] = position;
    this.#open++;
    return egress;
  }
}
