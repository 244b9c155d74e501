import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Endpoint } from '@lightspeed/wire';
import { LOOPBACK } from './raw-client.ts';

/** A game server on loopback that echoes, and remembers what came and from where. */
export class GameServer {
  readonly received: { readonly payload: string; readonly port: number }[] = [];
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes: Buffer, from: RemoteInfo) => {
      this.received.push({ payload: bytes.toString(), port: from.port });
      socket.send(bytes, from.port, from.address);
    });
  }

  static async open(): Promise<GameServer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new GameServer(socket);
  }

  get endpoint(): Endpoint {
    return { ip: LOOPBACK, port: this.#socket.address().port };
  }

  get payloads(): string[] {
    return this.received.map(({ payload }) => payload);
  }

  /** Sends to any port of this machine, asked for or not. */
  send(payload: string, port: number): void {
    this.#socket.send(payload, port, '127.0.0.1');
  }

  close(): void {
    this.#socket.close();
  }
}
