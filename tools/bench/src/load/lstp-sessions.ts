import type { RegisteredSession } from '@lightspeed/lab';
import { PROOF_PACKET_BYTES, encodeProof } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { FLAG_HANDSHAKE, HEADER_BYTES, VERSION_PLAIN, readFlags, readToken, writeHeader } from '@lightspeed/wire';

/** Sessions of registered clients at a node, one per client: opened by proof, as `docs/protocol.md`, Sessions, says. */
export class LstpSessions {
  readonly #bytes: Uint8Array;
  readonly #registered: readonly RegisteredSession[];
  readonly #nonces: Uint32Array;
  readonly #open: Uint8Array;
  readonly sequences: Uint16Array;
  /** FEC groups begun by each session. */
  readonly groups: Uint16Array;

  constructor(bytes: Uint8Array, registered: readonly RegisteredSession[]) {
    this.#bytes = bytes;
    this.#registered = registered;
    this.#nonces = new Uint32Array(registered.length);
    this.#open = new Uint8Array(registered.length);
    this.sequences = new Uint16Array(registered.length);
    this.groups = new Uint16Array(registered.length);
  }

  token(client: number): number {
    return this.#registered[client].token;
  }

  isOpen(client: number): boolean {
    return this.#open[client] !== 0;
  }

  writeHandshake(client: number, offset: number, nowUs: number): number {
    const { sessionId, token, secret } = this.#registered[client];
    writeHeader(this.#bytes, offset, VERSION_PLAIN, FLAG_HANDSHAKE, token, 0, nowUs, 0, 0, 0, 0);
    encodeProof(this.#bytes, offset, sessionId, BigInt(this.#nonces[client]++), secret, hmacSha256);
    return PROOF_PACKET_BYTES;
  }

  readAcknowledgement(client: number, offset: number, lengthBytes: number): void {
    const acknowledges = lengthBytes >= HEADER_BYTES && readFlags(this.#bytes, offset) === FLAG_HANDSHAKE;
    if (acknowledges && readToken(this.#bytes, offset) === this.token(client)) this.#open[client] = 1;
  }
}
