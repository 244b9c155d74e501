import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Endpoint } from '@lightspeed/wire';
import { LOOPBACK } from './test-node.ts';

const KEEPALIVE = 1;
const HANDSHAKE = 2;
const FIN = 4;
const PLAIN_BYTES = 20;
const FEC_BYTES = 24;
/** Where the XOR of its parity ends, however long the packets are. */
const PARITY_STOP = 1_400;
/** A session ends so long after its creation, whatever goes on in it. */
const SESSION_MS = 300_000;

interface NodeOptions {
  /** Packets per parity packet down; 0 for plain packets. */
  readonly groupSize?: number;
  /** How many encoders take turns in a session's downstream. Each counts its groups from 0. */
  readonly encoders?: number;
}

/**
 * A node as the older implementation deploys them, with what is known of its faults. It is made from the bytes that such nodes send, and
 * shares no code with ours:
 *
 * - It ignores HANDSHAKE, answers no FIN, and echoes a KEEPALIVE of anybody, with its own clock.
 * - Data opens a session. That ends 300 s after its creation; then another one begins with sequence 0.
 * - Answers have token 0 and name the tunnel's socket as destination, and the session's first game server as source.
 * - It drops parity without addresses, and recovers a packet only when parity comes last.
 */
export class ReferenceNode {
  readonly address: Endpoint;
  /** How many sessions it has opened. */
  sessionsOpened = 0;
  /** Packets that it has given back to a game server. */
  recovered = 0;
  /** Asked for each packet to the client: true loses it. */
  dropToClient: ((packet: Buffer) => boolean) | undefined;
  /** Asked for each packet from the client: true loses it. */
  dropFromClient: ((packet: Buffer) => boolean) | undefined;
  readonly #socket: Socket;
  readonly #options: Required<NodeOptions>;
  readonly #sessions = new Map<string, ReferenceSession>();
  #aheadMs = 0;

  private constructor(socket: Socket, options: Required<NodeOptions>) {
    this.#socket = socket;
    this.#options = options;
    this.address = { ip: LOOPBACK, port: socket.address().port };
    socket.on('message', (packet, from) => this.#take(packet, from));
  }

  static async start({ groupSize = 4, encoders = 1 }: NodeOptions = {}): Promise<ReferenceNode> {
    return new ReferenceNode(await bound(), { groupSize, encoders });
  }

  get name(): string {
    return `127.0.0.1:${this.address.port}`;
  }

  get nowMs(): number {
    return performance.now() + this.#aheadMs;
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** Moves its clock on. */
  pass(ms: number): void {
    this.#aheadMs += ms;
  }

  /** The first 16 bytes of a header behind version, flags and token, as it writes them. */
  header(packet: Buffer, version: number, flags: number, sequence: number): void {
    packet[0] = (version << 4) | flags;
    packet[1] = 0;
    packet.writeUInt16BE(sequence & 0xffff, 2);
    packet.writeUInt32BE(Math.floor(this.nowMs * 1_000) % 2 ** 32, 4);
  }

  send(packet: Buffer, to: RemoteInfo): void {
    if (this.dropToClient?.(packet) !== true) this.#socket.send(packet, to.port, to.address);
  }

  [Symbol.dispose](): void {
    for (const session of this.#sessions.values()) session.close();
    this.#socket.close();
  }

  #take(packet: Buffer, from: RemoteInfo): void {
    if (packet.length < PLAIN_BYTES || this.dropFromClient?.(packet) === true) return;
    const flags = packet[0] & 0x0f;
    const key = `${from.address}:${from.port}`;
    if ((flags & FIN) !== 0) {
      this.#sessions.get(key)?.close();
      this.#sessions.delete(key);
    } else if ((flags & KEEPALIVE) !== 0) {
      const echo = Buffer.from(packet);
      this.header(echo, 1, KEEPALIVE, packet.readUInt16BE(2));
      this.send(echo, from);
    } else if ((flags & HANDSHAKE) === 0) {
      this.#sessionOf(key, from).take(packet);
    }
  }

  #sessionOf(key: string, from: RemoteInfo): ReferenceSession {
    const before = this.#sessions.get(key);
    if (before !== undefined && this.nowMs - before.createdMs < SESSION_MS) return before;
    before?.close();
    const session = new ReferenceSession(this, from, this.#options);
    this.#sessions.set(key, session);
    this.sessionsOpened++;
    return session;
  }
}

class ReferenceSession {
  readonly createdMs: number;
  readonly #node: ReferenceNode;
  readonly #client: RemoteInfo;
  readonly #encoders: readonly Encoder[];
  readonly #egress = createSocket('udp4');
  readonly #groups = new Map<number, Map<number, Buffer>>();
  #server = Buffer.alloc(6);
  #sequence = 0;
  #answers = 0;

  constructor(node: ReferenceNode, client: RemoteInfo, { groupSize, encoders }: Required<NodeOptions>) {
    this.#node = node;
    this.#client = client;
    this.createdMs = node.nowMs;
    this.#encoders = groupSize === 0 ? [] : Array.from({ length: encoders }, () => new Encoder(groupSize));
    this.#egress.on('message', (payload) => this.#answer(payload));
  }

  take(packet: Buffer): void {
    const destination = { port: packet.readUInt16BE(18), host: packet.subarray(12, 16).join('.') };
    if (packet[0] >> 4 === 1) return this.#toServer(packet.subarray(PLAIN_BYTES), destination, packet);
    const [index, size] = packet.subarray(22, 24);
    const groupId = packet.readUInt16BE(20);
    const group = this.#groups.get(groupId) ?? new Map<number, Buffer>();
    this.#groups.set(groupId, group);
    const payload = Buffer.from(packet.subarray(FEC_BYTES));
    if (index < size) {
      group.set(index, payload);
      return this.#toServer(payload, destination, packet);
    }
    if (destination.host === '0.0.0.0' || group.size !== size - 1) return;
    const { content, lengths } = xorOf([...group.values()]);
    const parity = payload.subarray(0, -2);
    const length = payload.readUInt16BE(payload.length - 2) ^ lengths;
    this.#node.recovered++;
    this.#toServer(parity.map((byte, i) => byte ^ (content[i] ?? 0)).subarray(0, length), destination, packet);
  }

  close(): void {
    this.#egress.close();
  }

  #toServer(payload: Uint8Array, { port, host }: { port: number; host: string }, packet: Buffer): void {
    if (this.#server.every((byte) => byte === 0)) this.#server = Buffer.concat([packet.subarray(12, 16), packet.subarray(18, 20)]);
    this.#egress.send(payload, port, host);
  }

  #answer(payload: Buffer): void {
    if (this.#encoders.length === 0) return this.#send(payload, undefined);
    const encoder = this.#encoders[this.#answers++ % this.#encoders.length];
    const place = encoder.place(payload);
    this.#send(payload, place);
    if (place.parity !== undefined) this.#send(place.parity, { ...place, index: place.size });
  }

  #send(payload: Buffer, fec: { groupId: number; index: number; size: number } | undefined): void {
    const packet = Buffer.alloc((fec === undefined ? PLAIN_BYTES : FEC_BYTES) + payload.length);
    this.#node.header(packet, fec === undefined ? 1 : 2, 0, this.#sequence++);
    this.#server.copy(packet, 8, 0, 4);
    packet.set(this.#client.address.split('.').map(Number), 12);
    this.#server.copy(packet, 16, 4);
    packet.writeUInt16BE(this.#client.port, 18);
    if (fec !== undefined) {
      packet.writeUInt16BE(fec.groupId & 0xffff, 20);
      packet.set([fec.index, fec.size], 22);
    }
    payload.copy(packet, packet.length - payload.length);
    this.#node.send(packet, this.#client);
  }
}

/** Puts packets into groups. */
class Encoder {
  readonly #size: number;
  #groupId = 0;
  #group: Buffer[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** @returns where a packet is in which group, and the group's parity behind its last one. */
  place(payload: Buffer): { groupId: number; index: number; size: number; parity: Buffer | undefined } {
    const at = { groupId: this.#groupId, index: this.#group.push(payload) - 1, size: this.#size };
    if (this.#group.length < this.#size) return { ...at, parity: undefined };
    const { content, lengths } = xorOf(this.#group);
    this.#group = [];
    this.#groupId++;
    return { ...at, parity: Buffer.concat([content.subarray(0, PARITY_STOP), Buffer.of(lengths >> 8, lengths & 0xff)]) };
  }
}

function xorOf(payloads: readonly Buffer[]): { content: Buffer; lengths: number } {
  const content = Buffer.alloc(Math.max(0, ...payloads.map(({ length }) => length)));
  for (const payload of payloads) payload.forEach((byte, i) => (content[i] ^= byte));
  return { content, lengths: payloads.reduce((sum, { length }) => sum ^ length, 0) };
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}
