import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  Capability,
  capabilitiesExtension,
  reasonTextExtension,
  resumeExtension,
  resumeMessage,
  sessionSecretExtension,
  ticketExtension,
} from '@lightspeed/control';
import type { ControlMessage, Extension, OutgoingMessage, RegisterAck } from '@lightspeed/control';
import { connectControl, parsePin } from '@lightspeed/control/quic';
import type { ControlConnection, ControlStream } from '@lightspeed/control/quic';
import { encodeProof } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { FLAG_HANDSHAKE, TunnelHeader, hasTag, isDropReason } from '@lightspeed/wire';
import type { Endpoint, SocketAddress } from '@lightspeed/wire';
import { onTestFinished } from 'vitest';
import { eventually } from './eventually.ts';
import type { Packet } from './raw-client.ts';
import { GAME, ownHostFor } from './raw-client.ts';

/** What a client has to know of a node. */
export interface Reachable {
  readonly controlAddress: SocketAddress | undefined;
  readonly controlPin: string | undefined;
}

/** A control connection as a client has it, with everything that the node has said on its one stream. */
export class Control {
  readonly said: ControlMessage[] = [];
  /** Whether it leaves Pings of the node unanswered, as a program does that was killed. */
  isGone = false;
  /** Pings of the node. */
  pings = 0;
  readonly connection: ControlConnection;
  readonly stream: ControlStream;

  private constructor(connection: ControlConnection) {
    this.connection = connection;
    this.stream = connection.openStream();
    void this.#listen(this.stream);
    void this.#listenToStreams();
  }

  /** @param idleTimeoutMs after so long without a packet either end gives the connection up, without a word. */
  static async connect({ controlAddress, controlPin }: Reachable, idleTimeoutMs = 30_000): Promise<Control> {
    if (controlAddress === undefined || controlPin === undefined) throw new Error('the node has no control plane');
    const connection = await connectControl({
      ...controlAddress,
      verify: { kind: 'pin', sha256: parsePin(controlPin) },
      idleTimeoutMs,
    });
    onTestFinished(() => connection.close());
    return new Control(connection);
  }

  /** Registers with whatever extensions. */
  async register(extensions: readonly Extension[] = []): Promise<void> {
    await this.stream.send({ type: 'register', dialect: 'standard', gameId: 0, clientVersion: 'test', extensions }, 'standard');
  }

  /** Registers in dialect `reference`, with two bytes. */
  async registerAsReference(): Promise<void> {
    await this.stream.send({ type: 'register', dialect: 'reference', protocolVersion: 1, gameId: 2 }, 'reference');
    this.stream.dialect = 'reference';
  }

  say(message: OutgoingMessage): Promise<void> {
    return this.stream.send(message, 'standard');
  }

  /** Takes the next message of a type out of what was said. */
  heard<T extends ControlMessage['type']>(type: T): Promise<Extract<ControlMessage, { type: T }>> {
    return eventually(() => {
      const index = this.said.findIndex((message) => message.type === type);
      if (index < 0) throw new Error(`no ${type} came; ${JSON.stringify(this.said.map((message) => message.type))} did`);
      return this.said.splice(index, 1)[0] as Extract<ControlMessage, { type: T }>;
    });
  }

  /** Why the node does not let the client in. */
  async refusal(): Promise<readonly [string | number, string | undefined]> {
    const { reason, extensions } = await this.heard('disconnect');
    return [reason, reasonTextExtension.find(extensions)];
  }

  async #listen(stream: ControlStream): Promise<void> {
    try {
      for await (const message of stream.messages()) {
        if (message.type === 'ping') await this.#answer(message.timestampUs);
        else if (message.type !== 'refused') this.said.push(message);
      }
    } catch {
      // The node has closed the connection: tests look at what was said before.
    }
  }

  async #answer(echoedTimestampUs: bigint): Promise<void> {
    this.pings++;
    if (!this.isGone) await this.say({ type: 'pong', echoedTimestampUs, serverTimestampUs: 0n });
  }

  async #listenToStreams(): Promise<void> {
    for await (const stream of this.connection.streams()) void this.#listen(stream);
  }
}

/** A client that has registered: it opens, moves and resumes its session by proof. */
export class RegisteredClient {
  /** Where its packets go. */
  node: SocketAddress;
  control: Control;
  readonly ack: RegisterAck;
  readonly secret: Uint8Array;
  nonce = 1n;
  sequence = 0;
  received: Packet[] = [];
  /** Tagged packets as they came. */
  readonly tagged: Uint8Array[] = [];
  #socket: Socket;
  /** That of the last acknowledgement; 0 if it has none. */
  #challenge = 0n;

  constructor(node: SocketAddress, control: Control, ack: RegisterAck, socket: Socket) {
    this.node = node;
    this.control = control;
    this.ack = ack;
    this.secret = sessionSecretExtension.find(ack.extensions) ?? new Uint8Array(16);
    this.#socket = socket;
    this.#hear(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** A HANDSHAKE with a proof. */
  proof({
    nonce = this.nonce++,
    secret = this.secret,
    sessionId = this.ack.sessionId,
    token = this.ack.token,
    challenge = 0n,
  } = {}): Uint8Array {
    const header = new TunnelHeader({
      flags: FLAG_HANDSHAKE,
      token,
      sequence: this.sequence++,
      timestampUs: 1_000 + this.sequence,
      source: { ip: 0, port: 0 },
      destination: { ip: 0, port: 0 },
    });
    const packet = header.encodeWithPayload(new Uint8Array(challenge === 0n ? 28 : 36));
    encodeProof(packet, 0, sessionId, nonce, secret, hmacSha256, challenge);
    return packet;
  }

  /** Sends proofs until one is acknowledged, and answers the node's challenge, as clients do. */
  async bind(): Promise<void> {
    await this.#prove(0n);
    while (this.#challenge !== 0n) await this.#prove(this.#challenge);
  }

  async #prove(challenge: bigint): Promise<void> {
    let tries = 0;
    await eventually(() => {
      if (tries++ % 30 === 0) this.sendBytes(this.proof({ challenge }));
      if (!this.received.some(({ header }) => header.kind === 'handshake')) throw new Error('no acknowledgement came');
    });
    this.received = this.received.filter(({ header }) => header.kind !== 'handshake');
  }

  data(to: Endpoint, payload: string, token = this.ack.token, fromPort = GAME.port): void {
    const header = TunnelHeader.data(this.sequence++, 2_000, { ip: GAME.ip, port: fromPort }, to).withSessionToken(token);
    this.sendBytes(header.encodeWithPayload(Buffer.from(payload)));
  }

  /** The bytes of a data packet. */
  packet(to: Endpoint, payload: string): Uint8Array {
    const header = TunnelHeader.data(this.sequence++, 2_000, GAME, to).withSessionToken(this.ack.token);
    return header.encodeWithPayload(Buffer.from(payload));
  }

  fin(): void {
    this.sendBytes(TunnelHeader.fin(this.sequence++, 3_000).withSessionToken(this.ack.token).encode());
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.send(bytes, this.node.port, this.node.host);
  }

  /** Sends until the game server answers through the node. */
  async roundTrip(to: Endpoint, payload: string): Promise<void> {
    this.data(to, payload);
    await eventually(() => {
      if (!this.received.some((packet) => packet.payload === payload)) throw new Error(`${payload} did not come back`);
    });
  }

  async next(kind: TunnelHeader['kind']): Promise<Packet> {
    const index = await eventually(() => {
      const found = this.received.findIndex(({ header }) => header.kind === kind);
      if (found < 0) throw new Error(`no ${kind} packet came`);
      return found;
    });
    return this.received.splice(index, 1)[0];
  }

  /** Goes on from another local port. */
  async roam(from = ownHostFor(this.node)): Promise<void> {
    this.#socket.close();
    this.#socket = await openSocket(from);
    this.#hear(this.#socket);
  }

  /** What asks for this session again. */
  resume({ nonce = this.nonce++, secret = this.secret, sessionId = this.ack.sessionId } = {}): Extension {
    const tag = hmacSha256(secret, resumeMessage(sessionId, nonce)).subarray(0, 16);
    return resumeExtension.encode({ sessionId, nonce, tag });
  }

  close(): void {
    this.#socket.close();
  }

  #hear(socket: Socket): void {
    socket.on('message', (bytes) => {
      if (hasTag(bytes, 0, bytes.length)) {
        this.tagged.push(bytes);
        return;
      }
      const packet = TunnelHeader.decodeWithPayload(bytes);
      if (isDropReason(packet)) throw new Error(`the node sent what is no packet: ${bytes.toString('hex')}`);
      if (packet.header.kind === 'handshake')
        this.#challenge = packet.payload.length < 8 ? 0n : Buffer.from(packet.payload).readBigUInt64BE(0);
      this.received.push({ header: packet.header, payload: Buffer.from(packet.payload).toString() });
    });
  }
}

async function openSocket(from: string): Promise<Socket> {
  const socket = createSocket(from.includes(':') ? 'udp6' : 'udp4');
  socket.bind(0, from);
  await once(socket, 'listening');
  return socket;
}

/** Registers, with a ticket if there is one; nothing is bound yet. */
export async function registeredClient(
  node: Reachable & { readonly dataAddress: SocketAddress },
  {
    ticket,
    from = ownHostFor(node.dataAddress),
    knows = Capability.challenge,
    idleTimeoutMs = 30_000,
  }: { ticket?: Uint8Array; from?: string; knows?: number; idleTimeoutMs?: number } = {},
): Promise<RegisteredClient> {
  const control = await Control.connect(node, idleTimeoutMs);
  const capabilities = capabilitiesExtension.encode(knows);
  await control.register(ticket === undefined ? [capabilities] : [capabilities, ticketExtension.encode(ticket)]);
  const client = new RegisteredClient(node.dataAddress, control, await control.heard('register_ack'), await openSocket(from));
  onTestFinished(() => client.close());
  return client;
}

/** The same with its session open. */
export async function playingClient(...args: Parameters<typeof registeredClient>): Promise<RegisteredClient> {
  const client = await registeredClient(...args);
  await client.bind();
  return client;
}
