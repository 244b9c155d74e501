import type { DatagramEngine, DatagramSocket } from '@lightspeed/udp';
import type { ClientAddress } from '@lightspeed/session';
import type { AddressHandle, ArenaOffset, ByteLength } from '@lightspeed/wire';

/** The tag of the socket on the address that the node is bound to. */
export const ON_BIND_ADDRESS = -1;
/** The tag of sockets that are each on one of the machine's addresses. */
export const ON_OWN_ADDRESS = -2;

/**
 * The sockets of a worker that clients talk to. Where the node is bound to all addresses, each address of the machine has a
 * socket of its own too. The kernel prefers it, and its datagrams need no control messages to tell the address and to
 * answer from it. Those cost up to 12 % of a round trip. Addresses without such a socket are left to the one on all addresses.
 */
export class DataSockets {
  readonly #engine: DatagramEngine;
  readonly #bound: DatagramSocket;
  readonly #own: DatagramSocket[] = [];
  readonly #adopted = new Set<number>();
  /** Where the last answer left: nearly always it is the right one for the next, too. */
  #last: DatagramSocket;

  /** @param bound the open socket on the address that the node is bound to */
  constructor(engine: DatagramEngine, bound: DatagramSocket) {
    this.#engine = engine;
    this.#bound = bound;
    this.#last = bound;
    bound.tag = ON_BIND_ADDRESS;
  }

  /**
   * Opens those of the descriptors that are not open yet.
   * @throws {Error} if the engine refuses one: nobody would hear what comes there
   */
  adopt(fds: readonly number[]): void {
    for (const fd of fds) {
      if (this.#adopted.has(fd)) continue;
      const socket = this.#engine.openNow({ ip: 0, port: 0, fd });
      if (socket === undefined) throw new Error(`cannot adopt a data socket: ${this.#engine.lastOpenError}`);
      socket.tag = ON_OWN_ADDRESS;
      this.#adopted.add(fd);
      this.#own.push(socket);
    }
  }

  /** Queues a datagram for a client, which leaves from the address that the client has spoken to. */
  send(offset: ArenaOffset, length: ByteLength, { ip, port, local }: ClientAddress): void {
    const socket = this.#last.localIp === local ? this.#last : this.#on(local);
    this.#engine.send(socket, offset, length, ip, port, socket === this.#bound ? local : 0);
  }

  #on(local: AddressHandle): DatagramSocket {
    for (const socket of this.#own) {
      if (socket.localIp !== local) continue;
      this.#last = socket;
      return socket;
    }
    return this.#bound;
  }
}
