import { PROOF_PACKET_BYTES, encodeProof } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { FLAG_HANDSHAKE, HEADER_BYTES, readFlags, readToken, writeControlHeader } from '@lightspeed/wire';
import type { RegisteredSession } from './registrants.ts';

/** Sessions at a node, one per client, as `docs/protocol.md`, Sessions, says: opened by proof, or by whoever asks. */
export class LstpSessions {
  readonly #bytes: Uint8Array;
  readonly #registered: readonly RegisteredSession[] | undefined;
  readonly #nonces: Uint32Array;
  readonly #open: Uint8Array;
  readonly tokens: Uint8Array;
  readonly sequences: Uint16Array;
  /** FEC groups begun by each session. */
  readonly groups: Uint16Array;

  /** @param registered what the node has given each client; undefined for a node that gives tokens to anybody. */
  constructor(bytes: Uint8Array, clients: number, registered?: readonly RegisteredSession[]) {
    this.#bytes = bytes;
    this.#registered = registered;
    this.#nonces = new Uint32Array(clients);
    this.#open = new Uint8Array(clients);
    this.tokens = Uint8Array.from({ length: clients }, (_, client) => registered?.[client]?.token ?? 0);
    this.sequences = new Uint16Array(clients);
    this.groups = new Uint16Array(clients);
  }

  isOpen(client: number): boolean {
    return this.#open[client] !== 0;
  }

  writeHandshake(client: number, offset: number, nowUs: number): number {
    writeControlHeader(this.#bytes, offset, FLAG_HANDSHAKE, this.tokens[client], 0, nowUs);
    const session = this.#registered?.[client];
    if (session === undefined) return HEADER_BYTES;
    encodeProof(this.#bytes, offset, session.sessionId, BigInt(this.#nonces[client]++), session.secret, hmacSha256);
    return PROOF_PACKET_BYTES;
  }

  readAcknowledgement(client: number, offset: number, lengthBytes: number): void {
    if (lengthBytes < HEADER_BYTES || readFlags(this.#bytes, offset) !== FLAG_HANDSHAKE) return;
    const token = readToken(this.#bytes, offset);
    if (this.#registered === undefined && !this.isOpen(client)) this.tokens[client] = token;
    if (token !== 0 && token === this.tokens[client]) this.#open[client] = 1;
  }
}
