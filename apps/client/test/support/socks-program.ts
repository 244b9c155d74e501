import { once } from 'node:events';
import type { Socket } from 'node:net';
import { SocksClient } from 'socks';
import type { SocksClientEstablishedEvent } from 'socks/typings/common/constants.js';
import { formatIpv4, parseIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { Peer } from './game.ts';

/** Who a program says that it is. */
export interface Login {
  readonly userId: string;
  readonly password: string;
}

/** A program that sends by a SOCKS5 server, with a real client library. */
export class SocksProgram {
  /** Its UDP socket; `received` has whole SOCKS5 frames. */
  readonly peer: Peer;
  /** Where the server takes its datagrams. */
  readonly relay: Endpoint;
  readonly connection: Socket;

  private constructor(peer: Peer, relay: Endpoint, connection: Socket) {
    this.peer = peer;
    this.relay = relay;
    this.connection = connection;
  }

  /** @param port the port from which it says that it sends. */
  static async open(server: Endpoint, login?: Login, port = 0): Promise<SocksProgram> {
    const client = new SocksClient({
      proxy: { host: formatIpv4(server.ip), port: server.port, type: 5, ...login },
      command: 'associate',
      destination: { host: '0.0.0.0', port },
    });
    const established = once(client, 'established') as Promise<[SocksClientEstablishedEvent]>;
    client.connect();
    const [{ socket, remoteHost }] = await established;
    socket.on('error', () => undefined);
    const peer = await Peer.start();
    const relay = { ip: parseIpv4(remoteHost?.host ?? '') ?? 0, port: remoteHost?.port ?? 0 };
    return new SocksProgram(peer, relay, socket);
  }

  send(text: string, host: string, port: number, frameNumber = 0): void {
    const data = Buffer.from(text, 'latin1');
    this.peer.sendBytes(SocksClient.createUDPFrame({ frameNumber, remoteHost: { host, port }, data }), this.relay);
  }

  /** What has come, as `server text`. */
  get answers(): string[] {
    return this.peer.received.map(({ text }) => {
      const { remoteHost, data } = SocksClient.parseUDPFrame(Buffer.from(text, 'latin1'));
      return `${remoteHost.host}:${remoteHost.port} ${data.toString('latin1')}`;
    });
  }

  [Symbol.dispose](): void {
    this.connection.destroy();
    this.peer[Symbol.dispose]();
  }
}
