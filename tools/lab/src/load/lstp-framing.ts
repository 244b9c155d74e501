import { ADD_FULL, GroupEncoder } from '@lightspeed/fec';
import type { FecMemory } from '@lightspeed/fec';
import { PROOF_PACKET_BYTES, encodeProof } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import {
  FLAG_HANDSHAKE,
  HEADER_BYTES,
  VERSION_FEC,
  VERSION_PLAIN,
  fecHeaderBytes,
  isParity,
  readDestinationIp,
  readDestinationPort,
  readFlags,
  readSourceIp,
  readSourcePort,
  readToken,
  readVersion,
  writeControlHeader,
  writeFecExtension,
  writeHeader,
} from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { Framing, NO_PAYLOAD, WRONG } from './framing.ts';
import type { RegisteredSession } from './registrant.ts';

const FEC_HEADER_BYTES = fecHeaderBytes('standard');
/** What clients say their game's address is. */
const GAME_IP = 0x0a00_0000;
const GAME_PORT = 5_000;

/** What clients know of their sessions at a node, one each, whatever packets they send in them. */
export type LstpSessions = ReturnType<typeof lstpSessions>;

/** @param registered what the node has given each client; undefined for a node that gives tokens to anybody. */
export function lstpSessions(clients: number, registered?: readonly RegisteredSession[]) {
  return {
    registered,
    nonces: new Uint32Array(clients),
    open: new Uint8Array(clients),
    tokens: Uint8Array.from({ length: clients }, (_, client) => registered?.[client]?.token ?? 0),
    sequences: new Uint16Array(clients),
    /** FEC groups begun by each session. */
    groups: new Uint16Array(clients),
  };
}

/** Parity for packets in groups. */
export interface FecPlan {
  readonly memory: FecMemory;
  readonly groupSize: number;
}

/**
 * Version 1 packets of sessions that are open. Or version 2 packets in groups, with parity behind each: the node protects
 * its answers in the same way.
 */
export class LstpFraming extends Framing {
  readonly #bytes: Uint8Array;
  readonly #sessions: LstpSessions;
  readonly #servers: readonly Endpoint[];
  readonly #fecMemory: FecMemory | undefined;
  readonly #encoders: readonly GroupEncoder[];
  readonly #lent: number[] = [];
  #full = false;

  /** @param servers that clients take turns in. */
  constructor(bytes: Uint8Array, sessions: LstpSessions, servers: readonly Endpoint[], fec?: FecPlan) {
    super();
    this.#bytes = bytes;
    this.#sessions = sessions;
    this.#servers = servers;
    this.#fecMemory = fec?.memory;
    const encoder = ({ memory, groupSize }: FecPlan, client: number) =>
      new GroupEncoder(groupSize, { memory, nextGroupId: () => sessions.groups[client]++ });
    this.#encoders = fec === undefined ? [] : Array.from(sessions.groups, (_, client) => encoder(fec, client));
  }

  override wrap(client: number, offset: number, lengthBytes: number, nowUs: number): number {
    if (this.#fecMemory === undefined) {
      this.#writeHeader(client, offset - HEADER_BYTES, VERSION_PLAIN, nowUs);
      return HEADER_BYTES;
    }
    const encoder = this.#encoders[client];
    if (!encoder.begin()) throw new Error('the memory for parity is used up');
    const start = offset - FEC_HEADER_BYTES;
    this.#writeHeader(client, start, VERSION_FEC, nowUs);
    writeFecExtension(this.#bytes, start, 'standard', encoder.groupId, encoder.index, encoder.size);
    this.#full = encoder.add(offset, lengthBytes) === ADD_FULL;
    return FEC_HEADER_BYTES;
  }

  override extra(client: number, nowUs: number): number {
    if (!this.#full) return 0;
    this.#full = false;
    const { parityOffset, parityLength, parityGroupId, paritySize } = this.#encoders[client];
    this.extraOffset = parityOffset - FEC_HEADER_BYTES;
    this.#writeHeader(client, this.extraOffset, VERSION_FEC, nowUs);
    writeFecExtension(this.#bytes, this.extraOffset, 'standard', parityGroupId, paritySize, paritySize);
    this.#lent.push(parityOffset);
    return FEC_HEADER_BYTES + parityLength;
  }

  override sent(): void {
    for (const parityOffset of this.#lent) this.#fecMemory?.release(parityOffset);
    this.#lent.length = 0;
  }

  /** An answer names its true source, and goes to the address that the client's packets named. */
  override unwrap(client: number, offset: number, lengthBytes: number): number {
    const bytes = this.#bytes;
    if (lengthBytes < HEADER_BYTES || readFlags(bytes, offset) !== 0) return NO_PAYLOAD;
    const isPlain = readVersion(bytes, offset) === VERSION_PLAIN;
    if (!isPlain && (lengthBytes < FEC_HEADER_BYTES || isParity(bytes, offset))) return NO_PAYLOAD;
    const server = this.#servers[client % this.#servers.length];
    const isRight =
      readToken(bytes, offset) === this.#sessions.tokens[client] &&
      readSourceIp(bytes, offset) === (server.ip | 0) &&
      readSourcePort(bytes, offset) === server.port &&
      readDestinationIp(bytes, offset) === GAME_IP + client &&
      readDestinationPort(bytes, offset) === GAME_PORT;
    if (!isRight) return WRONG;
    return offset + (isPlain ? HEADER_BYTES : FEC_HEADER_BYTES);
  }

  override isOpen(client: number): boolean {
    return this.#sessions.open[client] !== 0;
  }

  /** As `docs/protocol.md`, Sessions, says: by proof, or for whoever asks. */
  override writeOpening(client: number, offset: number, nowUs: number): number {
    const { tokens, registered, nonces } = this.#sessions;
    writeControlHeader(this.#bytes, offset, FLAG_HANDSHAKE, tokens[client], 0, nowUs);
    const session = registered?.[client];
    if (session === undefined) return HEADER_BYTES;
    encodeProof(this.#bytes, offset, session.sessionId, BigInt(nonces[client]++), session.secret, hmacSha256);
    return PROOF_PACKET_BYTES;
  }

  override readOpening(client: number, offset: number, lengthBytes: number): void {
    if (lengthBytes < HEADER_BYTES || readFlags(this.#bytes, offset) !== FLAG_HANDSHAKE) return;
    const { tokens, registered, open } = this.#sessions;
    const token = readToken(this.#bytes, offset);
    if (registered === undefined && !this.isOpen(client)) tokens[client] = token;
    if (token !== 0 && token === tokens[client]) open[client] = 1;
  }

  #writeHeader(client: number, offset: number, version: number, nowUs: number): void {
    const { sequences, tokens } = this.#sessions;
    const { ip, port } = this.#servers[client % this.#servers.length];
    // The HANDSHAKE was number 0.
    const sequence = ++sequences[client] & 0xffff;
    writeHeader(this.#bytes, offset, version, 0, tokens[client], sequence, nowUs, GAME_IP + client, GAME_PORT, ip, port);
  }
}
