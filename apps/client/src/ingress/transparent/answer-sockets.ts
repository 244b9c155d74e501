import type { DatagramEngine, DatagramSocket } from '@lightspeed/udp';
import type { AddressHandle, Port } from '@lightspeed/wire';

/** A socket with the address and port of a game server, or the wish for one. */
export class AnswerSocket {
  readonly ip: AddressHandle;
  readonly port: Port;
  /** Undefined until the helper has sent it. */
  socket: DatagramSocket | undefined;
  fd = -1;
  /** The helper has refused it. */
  isRefused = false;
  /** Flows that it answers. */
  flows = 0;
  /** Datagrams that wait for it. */
  waiting = 0;

  constructor(ip: AddressHandle, port: Port) {
    this.ip = ip;
    this.port = port;
  }
}

/** The sockets for answers in the names of game servers: one for each server, whatever number of flows it has. */
export class AnswerSockets {
  readonly #engine: DatagramEngine;
  readonly #tag: number;
  readonly #closed: (fd: number) => void;
  readonly #byServer = new Map<number, AnswerSocket>();

  /** @param tag of the sockets @param closed is told of descriptors that are not used any more. */
  constructor(engine: DatagramEngine, tag: number, closed: (fd: number) => void) {
    this.#engine = engine;
    this.#tag = tag;
    this.#closed = closed;
  }

  find(ip: AddressHandle, port: Port): AnswerSocket | undefined {
    return this.#byServer.get(keyOf(ip, port));
  }

  /** The socket for the answers of a server, which the helper is asked to open. Until it comes, nothing can be sent by it. */
  add(ip: AddressHandle, port: Port): AnswerSocket {
    const answer = new AnswerSocket(ip, port);
    this.#byServer.set(keyOf(ip, port), answer);
    return answer;
  }

  /** The helper has sent the socket of an answer, or refused it: then the next datagram asks again. */
  open(answer: AnswerSocket, fd: number | undefined): void {
    if (fd !== undefined) {
      answer.socket = this.#engine.openNow({ ip: 0, port: 0, fd });
      if (answer.socket === undefined) this.#closed(fd);
      else {
        answer.fd = fd;
        answer.socket.tag = this.#tag;
        return;
      }
    }
    answer.isRefused = true;
    this.#byServer.delete(keyOf(answer.ip, answer.port));
  }

  /** The last of its flows is closed. */
  close(answer: AnswerSocket): void {
    const key = keyOf(answer.ip, answer.port);
    if (this.#byServer.get(key) === answer) this.#byServer.delete(key);
    if (answer.socket === undefined) return;
    answer.socket.close();
    answer.socket = undefined;
    this.#closed(answer.fd);
  }
}

/** A number below 2^48: exact. */
function keyOf(ip: AddressHandle, port: Port): number {
  return (ip >>> 0) * 65_536 + port;
}
