import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { EngineKind } from '@lightspeed/udp';
import { errnoOf, closeFd, describeDataSocketFd, openDataSocketFd, setPortShared } from '@lightspeed/udp';
import type { SocketAddress } from '@lightspeed/wire';
import { formatSocketAddress, isUnspecified } from '@lightspeed/wire';
import type { DataSocketStart } from '../data-plane/messages.ts';
import { bindError } from '../base/node-error.ts';

/** Socket buffers of the data plane: games are bursty, and full buffers are what relays lose most packets to. */
export const DATA_BUFFER_BYTES = 4 * 1024 * 1024;

/** Egress sockets are many, and each carries a few players' traffic at the most. */
export const EGRESS_BUFFER_BYTES = 1024 * 1024;

/** Most addresses that have sockets of their own: each takes a descriptor per worker. */
const MAX_OWN_ADDRESSES = 64;

/**
 * The node's public port, shared by its workers.
 *
 * With the batch engine the main thread owns the sockets, one per worker, and a worker's successor adopts its
 * predecessor's. The kernel picks a socket for each client by the socket's place among those of the port. This place
 * must not change for the others when one worker dies. What comes in meanwhile waits in the socket.
 *
 * Beside sockets on all addresses it opens some on single addresses, which cost less, see `DataSockets`. They stay open when
 * their address goes: it may come back, and its number must not belong to another file while a worker has it.
 */
export class DataPort {
  readonly host: string;
  /** The real one, also when port 0 was asked for. */
  readonly port: number;
  readonly #fds: readonly number[];
  readonly #shared: boolean;
  /** By address, then by worker; none for an address that is left to the sockets on all. */
  readonly #own = new Map<string, readonly number[]>();

  private constructor(host: string, port: number, fds: readonly number[], shared: boolean) {
    this.host = host;
    this.port = port;
    this.#fds = fds;
    this.#shared = shared;
  }

  /** @throws {NodeError} */
  static async open(bind: SocketAddress, engine: EngineKind, workers: number): Promise<DataPort> {
    const shared = workers > 1;
    try {
      // A port that is to be shared would be shared with any other node of this user, too: see that it is free first.
      // And a worker that opens the port itself must be told which, so that its successor opens the same.
      const port = shared || (engine === 'portable' && bind.port === 0) ? await freePort(bind) : bind.port;
      if (engine === 'portable') return new DataPort(bind.host, port, [], shared);
      const fds = openAll({ host: bind.host, port }, workers, shared);
      return new DataPort(bind.host, describeDataSocketFd(fds[0]).port, fds, shared);
    } catch (error) {
      throw bindError(error, 'data plane', formatSocketAddress(bind), '--data-bind');
    }
  }

  /**
   * Opens sockets on addresses that are new. An address that cannot be bound yet, and so has no clients, is tried again at
   * the next call. One with clients is not: the kernel would spread them over the workers in another way than before.
   * @param hosts the machine's addresses, as text
   * @returns whether there are more sockets than before
   */
  follow(hosts: readonly string[]): boolean {
    if (this.#fds.length === 0 || !isUnspecified(this.host)) return false;
    const before = this.ownFdsOf(0).length;
    for (const host of hosts) {
      // An answer from a link-local address needs its interface, too.
      const isServed = !host.includes('%') && (this.host === '::' || !host.includes(':'));
      if (isServed && !this.#own.has(host) && this.#own.size < MAX_OWN_ADDRESSES) this.#openOn(host);
    }
    return this.ownFdsOf(0).length > before;
  }

  /** Descriptors of a worker's sockets on single addresses, in the order in which they were opened. */
  ownFdsOf(worker: number): number[] {
    return [...this.#own.values()].flatMap((fds) => fds.slice(worker, worker + 1));
  }

  #openOn(host: string): void {
    // A port that workers do not share is for others to share only for as long as this takes.
    if (!this.#shared) setPortShared(this.#fds[0], true);
    try {
      const fds = openAll({ host, port: this.port }, this.#fds.length, true);
      if (!this.#shared) for (const fd of fds) setPortShared(fd, false);
      this.#own.set(host, fds);
    } catch (error) {
      // It is tentative (RFC 4862, 5.4) or gone again; else descriptors have run out, say.
      if (errnoOf(error) !== 'EADDRNOTAVAIL') this.#own.set(host, []);
    } finally {
      if (!this.#shared) setPortShared(this.#fds[0], false);
    }
  }

  /** What the worker with this index is to open or adopt. */
  startOf(worker: number): DataSocketStart {
    return {
      fd: this.#fds.length === 0 ? undefined : this.#fds[worker],
      ownFds: this.ownFdsOf(worker),
      address: this.host,
      port: this.port,
      reusePort: this.#shared,
      bufferBytes: DATA_BUFFER_BYTES,
    };
  }

  /** Closes what the main thread has opened. Only when no worker lives any more. */
  close(): void {
    for (const fd of [...this.#fds, ...[...this.#own.values()].flat()]) closeFd(fd);
  }
}

function openAll(bind: SocketAddress, count: number, reusePort: boolean): number[] {
  const fds: number[] = [];
  try {
    for (let index = 0; index < count; index++) {
      fds.push(
        openDataSocketFd({
          address: bind.host,
          port: bind.port,
          dualStack: bind.host === '::',
          localAddresses: isUnspecified(bind.host),
          reusePort,
          receiveBufferBytes: DATA_BUFFER_BYTES,
          sendBufferBytes: DATA_BUFFER_BYTES,
        }),
      );
    }
    return fds;
  } catch (error) {
    for (const fd of fds) closeFd(fd);
    throw error;
  }
}

/** Binds to an address that nobody shares, and lets go of it again. @returns the port, chosen by the system for 0. */
export async function freePort({ host, port }: SocketAddress): Promise<number> {
  await using socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' });
  socket.bind({ address: host, port, exclusive: true });
  await once(socket, 'listening');
  return socket.address().port;
}
