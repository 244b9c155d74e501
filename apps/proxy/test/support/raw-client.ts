import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Dialect, Endpoint, FecHeader, SocketAddress } from '@lightspeed/wire';
import { TunnelHeader, formatSocketAddress, isDropReason, isUnspecified, parseIpv4 } from '@lightspeed/wire';
import { eventually } from './eventually.ts';

/** A packet as a client sees it. */
export interface Packet {
  readonly header: TunnelHeader;
  readonly payload: string;
}

/** Where the client says that its game runs. */
export const GAME: Endpoint = { ip: 0xc0a8_0164, port: 12_345 };

export interface ClientOptions {
  /** Local address. */
  readonly from?: string;
  readonly dialect?: Dialect;
}

/** A client of the protocol in as few words as possible: a socket, the token, a sequence. */
export class RawClient {
  readonly received: Packet[] = [];
  token = 0;
  readonly #socket: Socket;
  readonly #node: SocketAddress;
  readonly #dialect: Dialect;
  #sequence = 0;
  /** What the last acknowledgement carried. */
  #challenge: Uint8Array = new Uint8Array(0);
  #closed = false;

  private constructor(socket: Socket, node: SocketAddress, dialect: Dialect) {
    this.#socket = socket;
    this.#node = node;
    this.#dialect = dialect;
    socket.on('message', (bytes, from) => {
      const { host, port } = node;
      if (!isUnspecified(host) && (from.address !== host || from.port !== port)) {
        throw new Error(`the node was spoken to at ${formatSocketAddress(node)} and answered from ${from.address}, port ${from.port}`);
      }
      const packet = TunnelHeader.decodeWithPayload(bytes, dialect);
      if (isDropReason(packet)) throw new Error(`the node sent what is no packet: ${bytes.toString('hex')}`);
      if (packet.header.kind === 'handshake') this.#challenge = packet.payload;
      this.received.push({ header: packet.header, payload: Buffer.from(packet.payload).toString() });
    });
  }

  static async open(node: SocketAddress, { from = ownHostFor(node), dialect = 'standard' }: ClientOptions = {}): Promise<RawClient> {
    const socket = createSocket(from.includes(':') ? 'udp6' : 'udp4');
    socket.bind(0, from);
    await once(socket, 'listening');
    return new RawClient(socket, node, dialect);
  }

  /** A client that the node has let in. */
  static async admitted(node: SocketAddress, options?: ClientOptions): Promise<RawClient> {
    const client = await RawClient.open(node, options);
    await client.handshake();
    return client;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get lastSequence(): number {
    return this.#sequence;
  }

  /** Opens the session, keeps the token that the acknowledgement carries, and answers the challenge. */
  async handshake(): Promise<TunnelHeader> {
    const header = await this.#handshake(new Uint8Array(8));
    return this.#challenge.some((byte) => byte !== 0) ? this.#handshake(this.#challenge) : header;
  }

  /** The same as a client does it that knows of no challenges. */
  plainHandshake(): Promise<TunnelHeader> {
    return this.#handshake(new Uint8Array(0));
  }

  async #handshake(payload: Uint8Array): Promise<TunnelHeader> {
    this.send(TunnelHeader.handshake(0, 1_000).withSessionToken(this.token), payload);
    const { header } = await this.next('handshake');
    this.token = header.token;
    return header;
  }

  data(to: Endpoint, payload: string, fec?: FecHeader): void {
    const header = TunnelHeader.data(++this.#sequence, 2_000, GAME, to, fec);
    this.send(header.withSessionToken(this.token), payload);
  }

  /** Uses up a sequence number without sending anything, as a loss on the way does. */
  lose(): void {
    this.#sequence++;
  }

  keepalive(timestampUs: number): number {
    this.send(TunnelHeader.keepalive(++this.#sequence, timestampUs).withSessionToken(this.token));
    return this.#sequence;
  }

  fin(): number {
    this.send(TunnelHeader.fin(++this.#sequence, 3_000).withSessionToken(this.token));
    return this.#sequence;
  }

  send(header: TunnelHeader, payload: string | Uint8Array = ''): void {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    this.sendBytes(header.encodeWithPayload(bytes, this.#dialect));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.send(bytes, this.#node.port, this.#node.host);
  }

  /** Takes the first packet of a kind out of what was received, waiting for it if need be. */
  async next(kind: TunnelHeader['kind']): Promise<Packet> {
    const index = await eventually(() => {
      const found = this.received.findIndex(({ header }) => header.kind === kind);
      if (found < 0) throw new Error(`no ${kind} packet came; there are ${this.received.length} others`);
      return found;
    });
    return this.received.splice(index, 1)[0];
  }

  /** Sends until the game server answers through the node, and gives the answer. */
  async roundTrip(to: Endpoint, payload: string): Promise<Packet> {
    this.data(to, payload);
    return this.next('data');
  }

  /** Harmless when repeated. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }
}

/** The loopback address of the node's family. */
export function ownHostFor({ host }: SocketAddress): string {
  return host.includes(':') ? '::1' : '127.0.0.1';
}

export const LOOPBACK = parseIpv4('127.0.0.1') ?? 0;
