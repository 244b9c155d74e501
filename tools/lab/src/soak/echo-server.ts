import type { Socket } from 'node:dgram';
import type { Endpoint } from '@lightspeed/wire';
import { closeSocket, endpointOf, openLoopbackSocket } from '../loopback-socket.ts';

/** A game server on loopback that sends every datagram back to where it came from. */
export class EchoServer implements AsyncDisposable {
  readonly address: Endpoint;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.address = endpointOf(socket);
    socket.on('message', (bytes, { port, address }) => socket.send(bytes, port, address));
  }

  static async open(): Promise<EchoServer> {
    return new EchoServer(await openLoopbackSocket());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeSocket(this.#socket);
  }
}
