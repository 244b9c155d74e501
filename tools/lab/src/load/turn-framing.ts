import type { Endpoint } from '@lightspeed/wire';
import { Framing, NO_PAYLOAD } from './framing.ts';

/** STUN and TURN: RFC 8489 (section 5) and RFC 8656 (sections 12 and 18). */
const MAGIC_COOKIE = 0x2112_a442;
const STUN_HEADER_BYTES = 20;
const ALLOCATE = 0x0003;
const ALLOCATED = 0x0103;
const CHANNEL_BIND = 0x0009;
const CHANNEL_BOUND = 0x0109;
const CHANNEL_NUMBER = 0x000c;
const LIFETIME = 0x000d;
const XOR_PEER_ADDRESS = 0x0012;
const REQUESTED_TRANSPORT = 0x0019;
const UDP = 17;
const LIFETIME_SECS = 3_600;
/** Each allocation has one channel, to the game server. */
const CHANNEL = 0x4000;
const CHANNEL_HEADER_BYTES = 4;

/** What of its way a client has behind it. */
const NEW = 0;
const HAS_ALLOCATION = 1;
const HAS_CHANNEL = 2;

/**
 * Clients of a TURN server that asks for no credentials. Each has an allocation and a channel to the game server. Then it
 * sends ChannelData, the form with the shortest header (`[channel u16][length u16]`) and the least to do for the server.
 */
export class TurnFraming extends Framing {
  readonly #view: DataView;
  readonly #states: Uint8Array;
  readonly #server: Endpoint;
  #transactions = 0;

  constructor(bytes: Uint8Array, clients: number, server: Endpoint) {
    super();
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#states = new Uint8Array(clients);
    this.#server = server;
  }

  override wrap(_client: number, offset: number, lengthBytes: number): number {
    this.#view.setUint16(offset - CHANNEL_HEADER_BYTES, CHANNEL);
    this.#view.setUint16(offset - CHANNEL_HEADER_BYTES + 2, lengthBytes);
    return CHANNEL_HEADER_BYTES;
  }

  override unwrap(_client: number, offset: number, lengthBytes: number): number {
    if (lengthBytes < CHANNEL_HEADER_BYTES || this.#view.getUint16(offset) !== CHANNEL) return NO_PAYLOAD;
    return offset + CHANNEL_HEADER_BYTES;
  }

  /** A channel lasts ten minutes (RFC 8656, section 12); to bind it again renews it. */
  override renew(): void {
    for (const [client, state] of this.#states.entries()) if (state === HAS_CHANNEL) this.#states[client] = HAS_ALLOCATION;
  }

  override isOpen(client: number): boolean {
    return this.#states[client] === HAS_CHANNEL;
  }

  override writeOpening(client: number, offset: number): number {
    return this.#states[client] === NEW ? this.#writeAllocate(offset) : this.#writeChannelBind(offset);
  }

  override readOpening(client: number, offset: number, lengthBytes: number): void {
    if (lengthBytes < STUN_HEADER_BYTES) return;
    const type = this.#view.getUint16(offset);
    if (type === ALLOCATED && this.#states[client] === NEW) this.#states[client] = HAS_ALLOCATION;
    else if (type === CHANNEL_BOUND) this.#states[client] = HAS_CHANNEL;
  }

  #writeAllocate(offset: number): number {
    let at = this.#writeAttribute(offset + STUN_HEADER_BYTES, REQUESTED_TRANSPORT, 4);
    this.#view.setUint32(at - 4, UDP << 24);
    at = this.#writeAttribute(at, LIFETIME, 4);
    this.#view.setUint32(at - 4, LIFETIME_SECS);
    return this.#writeHeader(offset, ALLOCATE, at);
  }

  #writeChannelBind(offset: number): number {
    let at = this.#writeAttribute(offset + STUN_HEADER_BYTES, CHANNEL_NUMBER, 4);
    this.#view.setUint32(at - 4, CHANNEL << 16);
    at = this.#writeAttribute(at, XOR_PEER_ADDRESS, 8);
    this.#view.setUint16(at - 8, 0x0001);
    this.#view.setUint16(at - 6, this.#server.port ^ (MAGIC_COOKIE >>> 16));
    this.#view.setUint32(at - 4, this.#server.ip ^ MAGIC_COOKIE);
    return this.#writeHeader(offset, CHANNEL_BIND, at);
  }

  /** @returns where the attribute ends; its value is what is in front of that. */
  #writeAttribute(at: number, type: number, lengthBytes: number): number {
    this.#view.setUint16(at, type);
    this.#view.setUint16(at + 2, lengthBytes);
    return at + 4 + lengthBytes;
  }

  #writeHeader(offset: number, type: number, end: number): number {
    this.#view.setUint16(offset, type);
    this.#view.setUint16(offset + 2, end - offset - STUN_HEADER_BYTES);
    this.#view.setUint32(offset + 4, MAGIC_COOKIE);
    // A transaction id need only differ from others that are under way.
    this.#view.setUint32(offset + 8, 0);
    this.#view.setUint32(offset + 12, 0);
    this.#view.setUint32(offset + 16, ++this.#transactions);
    return end - offset;
  }
}
