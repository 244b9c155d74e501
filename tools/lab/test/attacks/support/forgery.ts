import { ANSWERING_PROOF_BYTES, PROOF_BYTES, encodeProof } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { FLAG_HANDSHAKE, TunnelHeader } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import type { RegisteredSession } from '../../../src/load/registrant.ts';

/** Where the attackers' games say that they are. */
const GAME: Endpoint = { ip: 0x0a00_0001, port: 5_000 };
const TOKENS = 255;

/** How a session uses several paths, as HANDSHAKEs say it. */
export const STANDBY = 0;
export const DUPLICATE = 1;

/** What differs between the proofs of a session. */
export interface ProofFields {
  readonly nonce: number;
  readonly path?: number;
  readonly mode?: number;
  /** What it answers; nothing when left out. */
  readonly challenge?: bigint;
}

/** A HANDSHAKE with a proof, true if the secret is. */
export function proof(
  { sessionId, token, secret }: RegisteredSession,
  { nonce, path = 0, mode = 0, challenge = 0n }: ProofFields,
): Uint8Array {
  const [source, destination] = [path, mode].map((port) => ({ ip: 0, port }));
  const header = new TunnelHeader({ flags: FLAG_HANDSHAKE, token, sequence: nonce, timestampUs: 1_000 + nonce, source, destination });
  const packet = header.encodeWithPayload(new Uint8Array(challenge === 0n ? PROOF_BYTES : ANSWERING_PROOF_BYTES));
  encodeProof(packet, 0, sessionId, BigInt(nonce), secret, hmacSha256, challenge);
  return packet;
}

/** A data packet. Its timestamp rises with its number. */
export function data(token: number, sequence: number, to: Endpoint, payloadBytes = 32): Uint8Array {
  const header = TunnelHeader.data(sequence, 1_000 * sequence, GAME, to).withSessionToken(token);
  return header.encodeWithPayload(new Uint8Array(payloadBytes));
}

/** A FIN. Its timestamp is that of data with the same number. */
export function fin(token: number, sequence: number): Uint8Array {
  return TunnelHeader.fin(sequence, 1_000 * sequence)
    .withSessionToken(token)
    .encode();
}

/** A KEEPALIVE. */
export function keepalive(token: number, sequence: number): Uint8Array {
  return TunnelHeader.keepalive(sequence, 1_000 * sequence)
    .withSessionToken(token)
    .encode();
}

/** A HANDSHAKE without a proof. With sequence 0 and a newer timestamp it says that a client starts over. */
export function handshake(token: number, sequence: number, timestampUs = 1_000 * sequence): Uint8Array {
  return TunnelHeader.handshake(sequence, timestampUs).withSessionToken(token).encode();
}

/** One packet for each token: one of them is the player's. */
export function forEachToken(make: (token: number) => Uint8Array): Uint8Array[] {
  return Array.from({ length: TOKENS }, (_, index) => make(index + 1));
}

/** Destinations that nobody has asked for before, at one address. */
export function destinations(ip: number, count: number, firstPort = 1_000): Endpoint[] {
  return Array.from({ length: count }, (_, index) => ({ ip, port: firstPort + index }));
}
