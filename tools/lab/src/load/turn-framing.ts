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
const IPV4 = 1;
const LIFETIME_SECS = 3_600;
/** Each allocation has one channel, to the game server. */
const CHANNEL = 0x4000;
const CHANNEL_HEADER_BYTES = 4;

/** An attribute of STUN: its type, the length of its value, and the value in words of 32 bits. */
const attribute = (type: number, ...words: readonly number[]) => [(type << 16) | (4 * words.length), ...words];
const ALLOCATION = [...attribute(REQUESTED_TRANSPORT, UDP << 24), ...attribute(LIFETIME, LIFETIME_SECS)];

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
  /** What asks for the channel to the game server. */
  readonly #channel: readonly number[];
  #transactions = 0;

  constructor(bytes: Uint8Array, clients: number, server: Endpoint) {
    super();
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#states = new Uint8Array(clients);
    const peer = [(IPV4 << 16) | (server.port ^ (MAGIC_COOKIE >>> 16)), server.ip ^ MAGIC_COOKIE];
    this.#channel = [...attribute(CHANNEL_NUMBER, CHANNEL << 16), ...attribute(XOR_PEER_ADDRESS, ...peer)];
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
    const isNew = this.#states[client] === NEW;
    const attributes = isNew ? ALLOCATION : this.#channel;
    const type = isNew ? ALLOCATE : CHANNEL_BIND;
    // A transaction id need only differ from others that are under way.
    const header = [(type << 16) | (4 * attributes.length), MAGIC_COOKIE, 0, 0, ++this.#transactions];
    const words = [...header, ...attributes];
    for (const [index, word] of words.entries()) this.#view.setUint32(offset + 4 * index, word);
    return 4 * words.length;
  }

  override readOpening(client: number, offset: number, lengthBytes: number): void {
    if (lengthBytes < STUN_HEADER_BYTES) return;
    const type = this.#view.getUint16(offset);
    if (type === ALLOCATED && this.#states[client] === NEW) this.#states[client] = HAS_ALLOCATION;
    else if (type === CHANNEL_BOUND) this.#states[client] = HAS_CHANNEL;
  }
}
