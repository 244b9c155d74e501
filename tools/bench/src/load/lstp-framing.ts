import { ADD_FULL, FecEncoder } from '@lightspeed/fec';
import type { FecMemory } from '@lightspeed/fec';
import {
  HEADER_BYTES,
  VERSION_FEC,
  VERSION_PLAIN,
  fecHeaderBytes,
  isParity,
  readFlags,
  readVersion,
  writeFecExtension,
  writeHeader,
} from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import type { Framing } from './framing.ts';
import type { LstpSessions } from './lstp-sessions.ts';

const FEC_HEADER_BYTES = fecHeaderBytes('standard');
/** What clients say their game's address is. */
const GAME_IP = 0x0a00_0000;
const GAME_PORT = 5_000;

/** Version 1 packets of sessions that are open. */
export class LstpFraming implements Framing {
  extraOffset = 0;
  protected readonly bytes: Uint8Array;
  protected readonly sessions: LstpSessions;
  readonly #server: Endpoint;

  constructor(bytes: Uint8Array, sessions: LstpSessions, server: Endpoint) {
    this.bytes = bytes;
    this.sessions = sessions;
    this.#server = server;
  }

  wrap(client: number, offset: number, _lengthBytes: number, nowUs: number): number {
    this.writeHeader(client, offset - HEADER_BYTES, VERSION_PLAIN, nowUs);
    return HEADER_BYTES;
  }

  extra(_client: number, _nowUs: number): number {
    return 0;
  }

  sent(): void {
    // Nothing was handed out.
  }

  unwrap(_client: number, offset: number, lengthBytes: number): number {
    if (lengthBytes < HEADER_BYTES || readFlags(this.bytes, offset) !== 0) return -1;
    if (readVersion(this.bytes, offset) === VERSION_PLAIN) return offset + HEADER_BYTES;
    if (lengthBytes < FEC_HEADER_BYTES || isParity(this.bytes, offset)) return -1;
    return offset + FEC_HEADER_BYTES;
  }

  renew(): void {
    // A session lasts as long as packets come, and longer than a window takes.
  }

  isOpen(client: number): boolean {
    return this.sessions.isOpen(client);
  }

  writeOpening(client: number, offset: number, nowUs: number): number {
    return this.sessions.writeHandshake(client, offset, nowUs);
  }

  readOpening(client: number, offset: number, lengthBytes: number): void {
    this.sessions.readAcknowledgement(client, offset, lengthBytes);
  }

  protected writeHeader(client: number, offset: number, version: number, nowUs: number): void {
    const { sequences } = this.sessions;
    const { ip, port } = this.#server;
    const token = this.sessions.token(client);
    // The HANDSHAKE was number 0.
    writeHeader(this.bytes, offset, version, 0, token, ++sequences[client] & 0xffff, nowUs, GAME_IP + client, GAME_PORT, ip, port);
  }
}

/** Version 2 packets in groups, with parity behind each: the node protects its answers in the same way. */
export class LstpFecFraming extends LstpFraming {
  readonly #memory: FecMemory;
  readonly #encoders: readonly FecEncoder[];
  readonly #lent: number[] = [];
  #full = false;

  constructor(memory: FecMemory, sessions: LstpSessions, server: Endpoint, clients: number, groupSize: number) {
    super(memory.bytes, sessions, server);
    this.#memory = memory;
    this.#encoders = Array.from({ length: clients }, (_, client) => {
      return new FecEncoder(groupSize, { memory, nextGroupId: () => sessions.groups[client]++ });
    });
  }

  override wrap(client: number, offset: number, lengthBytes: number, nowUs: number): number {
    const encoder = this.#encoders[client];
    if (!encoder.begin()) throw new Error('the memory for parity is used up');
    const start = offset - FEC_HEADER_BYTES;
    this.writeHeader(client, start, VERSION_FEC, nowUs);
    writeFecExtension(this.bytes, start, 'standard', encoder.groupId, encoder.index, encoder.size);
    this.#full = encoder.add(offset, lengthBytes) === ADD_FULL;
    return FEC_HEADER_BYTES;
  }

  override extra(client: number, nowUs: number): number {
    if (!this.#full) return 0;
    this.#full = false;
    const { parityOffset, parityLength, parityGroupId, paritySize } = this.#encoders[client];
    this.extraOffset = parityOffset - FEC_HEADER_BYTES;
    this.writeHeader(client, this.extraOffset, VERSION_FEC, nowUs);
    writeFecExtension(this.bytes, this.extraOffset, 'standard', parityGroupId, paritySize, paritySize);
    this.#lent.push(parityOffset);
    return FEC_HEADER_BYTES + parityLength;
  }

  override sent(): void {
    for (const parityOffset of this.#lent) this.#memory.release(parityOffset);
    this.#lent.length = 0;
  }
}
