import type { Port } from '@lightspeed/wire';
import { hmacOf } from '../crypto-primitives.ts';
import type { HmacSha256 } from '../crypto-primitives.ts';

/** Bytes of a challenge. */
export const CHALLENGE_BYTES = 8;
/** How long a time slot lasts. A challenge counts in its slot and in the next one. */
export const CHALLENGE_SLOT_SECONDS = 10;

const MESSAGE_BYTES = 4 + 16 + 2 + 4;

/** To whom a challenge is sent. */
export interface ChallengedAddress {
  /** The session that wants to use the address, u32; 0 for a client that is not registered. */
  readonly sessionId: number;
  /** The address in 16 bytes, an IPv4 address in its IPv4-mapped form. */
  readonly address: Uint8Array;
  readonly port: Port;
}

/**
 * The challenge for an address (docs/protocol.md, Path validation): whoever sends it back has received it there. It is made
 * from its own question. So nothing is remembered for addresses that never answer, and any holder of the key can check it.
 *
 * @param key - a secret of the node, 32 bytes.
 * @param slot - the time in whole slots of 10 s, by any clock that all holders of the key share.
 * @returns u64, never 0.
 * @throws {SecurityError} `ERR_SECURITY_PRIMITIVE_OUTPUT`
 */
export function makeChallenge(
  key: Uint8Array,
  { sessionId, address, port }: ChallengedAddress,
  slot: number,
  hmacSha256: HmacSha256,
): bigint {
  const message = new Uint8Array(MESSAGE_BYTES);
  const view = new DataView(message.buffer);
  view.setUint32(0, sessionId);
  message.set(address, 4);
  view.setUint16(20, port);
  view.setUint32(22, slot);
  const hmac = hmacOf(key, message, hmacSha256);
  // 0 stands for no challenge.
  return new DataView(hmac.buffer, hmac.byteOffset).getBigUint64(0) || 1n;
}

/** Whether a challenge is one that {@link makeChallenge} made for this address, in this slot or the one before. */
export function checkChallenge(challenge: bigint, key: Uint8Array, at: ChallengedAddress, slot: number, hmacSha256: HmacSha256): boolean {
  if (challenge === 0n) return false;
  // Guesses are too few for the time that a comparison takes to tell them anything: each slot has another answer.
  return challenge === makeChallenge(key, at, slot, hmacSha256) || challenge === makeChallenge(key, at, slot - 1, hmacSha256);
}
