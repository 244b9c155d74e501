import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { once } from 'node:events';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { LOOPBACK } from './test-node.ts';

const TIMEOUT_MS = 10_000;

/** A UDP socket on loopback that remembers what it got. */
export class Peer {
  readonly received: { text: string; from: RemoteInfo }[] = [];
  readonly address: Endpoint;
  protected readonly socket: Socket;

  protected constructor(socket: Socket) {
    this.socket = socket;
    this.address = { ip: LOOPBACK, port: socket.address().port };
    socket.on('message', (message, from) => this.received.push({ text: message.toString('latin1'), from }));
  }

  protected static async bound(): Promise<Socket> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return socket;
  }

  /** A program that talks to an ingress. */
  static async start(): Promise<Peer> {
    return new Peer(await Peer.bound());
  }

  get texts(): string[] {
    return this.received.map(({ text }) => text);
  }

  send(text: string, to: Endpoint): void {
    this.socket.send(Buffer.from(text, 'latin1'), to.port, formatIpv4(to.ip));
  }

  sendBytes(bytes: Uint8Array, to: Endpoint): void {
    this.socket.send(bytes, to.port, formatIpv4(to.ip));
  }

  /** Resolves when so many datagrams have come in all. */
  async got(count: number): Promise<void> {
    await until(() => this.received.length >= count, `${count} datagrams`);
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}

/** An address of loopback at which nobody listens, and nobody else can meanwhile: what is sent there is refused by the kernel. */
export class Refusing extends Peer {
  static override async start(): Promise<Refusing> {
    const socket = await Peer.bound();
    // Bound, but open to one peer only, which never sends anything.
    socket.connect(9, '127.0.0.1');
    await once(socket, 'connect');
    return new Refusing(socket);
  }
}

/** A game server that answers each datagram with its own name in front. */
export class EchoServer extends Peer {
  readonly #name: string;

  private constructor(name: string, socket: Socket) {
    super(socket);
    this.#name = name;
    socket.on('message', (message, from) => {
      socket.send(Buffer.concat([Buffer.from(this.#name), message]), from.port, from.address);
    });
  }

  static async named(name: string): Promise<EchoServer> {
    return new EchoServer(name, await Peer.bound());
  }
}

/** Resolves when the condition holds; looks whenever the event loop turns. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${TIMEOUT_MS} ms in vain for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
