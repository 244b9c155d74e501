import { FLAG_FIN, FLAG_FRAGMENT, FLAG_HANDSHAKE, HEADER_BYTES, VERSION_PLAIN, readFlags, readVersion } from '@lightspeed/wire';
import type { ArenaOffset, ByteLength } from '@lightspeed/wire';
import type { HmacSha256 } from '../crypto-primitives.ts';
import { requireInteger } from '../option-ranges.ts';
import { SecurityError } from '../security-error.ts';

/** Payload bytes of a HANDSHAKE with a proof. */
export const PROOF_BYTES = 28;
/** Bytes of the whole packet: its header and the proof. */
export const PROOF_PACKET_BYTES = HEADER_BYTES + PROOF_BYTES;
/** Bytes of the secret that client and node share for a session. */
export const PROOF_SECRET_BYTES = 16;
/** The largest nonce, 2^64 - 1. */
export const MAX_PROOF_NONCE = 0xffff_ffff_ffff_ffffn;

const SESSION_ID_AT = HEADER_BYTES;
const NONCE_AT = SESSION_ID_AT + 4;
const TAG_AT = NONCE_AT + 8;
const TAG_BYTES = 16;
const SHA256_BYTES = 32;

const KIND_FLAGS = FLAG_FRAGMENT | FLAG_FIN | FLAG_HANDSHAKE;

/** What a proof says. Nothing of it is true before {@link verifyProof} says so. */
export interface Proof {
  /** u32. */
  readonly sessionId: number;
  /** u64; see {@link ProofNonces}. */
  readonly nonce: bigint;
}

/**
 * Writes a proof behind a HANDSHAKE's header (docs/protocol.md, Sessions):
 *
 * ```text
 *   offset  0                    20               24                   32                          48
 *           | header             | session id u32 | nonce u64          | tag, 16 bytes             |
 *           '------------ authenticated, 32 bytes, as sent ------------'
 *
 *   tag = the first 16 bytes of HMAC-SHA-256(key = session secret, data = the 32 bytes)
 * ```
 *
 * The header must be final: version 1, flag HANDSHAKE, token, sequence, timestamp. Whatever of it changes afterwards
 * makes the proof worthless. The address that the packet comes from is not covered: address translators rewrite it.
 *
 * @param bytes - the header's 20 bytes at `offset`, room for 28 more behind it. Only those 28 are written.
 * @param nonce - a number that this session has not used yet, 0 to 2^64 - 1. It counts up for every proof, even for one
 *   that repeats an unanswered proof.
 * @param secret - the session's, 16 bytes.
 * @returns the packet's length, 48.
 * @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE`, `ERR_SECURITY_PRIMITIVE_OUTPUT`
 */
export function encodeProof(
  bytes: Uint8Array,
  offset: ArenaOffset,
  sessionId: number,
  nonce: bigint,
  secret: Uint8Array,
  hmacSha256: HmacSha256,
): number {
  requireInteger('offset', offset, 0, bytes.length - PROOF_PACKET_BYTES);
  requireInteger('sessionId', sessionId, 0, 0xffff_ffff);
  requireNonce(nonce);
  const view = viewOf(bytes, offset);
  view.setUint32(SESSION_ID_AT, sessionId);
  view.setBigUint64(NONCE_AT, nonce);
  bytes.set(tagOf(bytes, offset, secret, hmacSha256), offset + TAG_AT);
  return PROOF_PACKET_BYTES;
}

/**
 * Reads the proof that a packet carries, true or not. For every datagram that might be a HANDSHAKE: never throws.
 *
 * @param length - the packet's, from `offset` on; `bytes` has at least as many.
 * @returns undefined unless the packet is version 1, is a HANDSHAKE (without FIN and FRAGMENT), and its payload has
 *   exactly 28 bytes. It then is a HANDSHAKE without a proof, or none.
 */
export function readProof(bytes: Uint8Array, offset: ArenaOffset, length: ByteLength): Proof | undefined {
  if (length !== PROOF_PACKET_BYTES || bytes.length - offset < length) return undefined;
  if (readVersion(bytes, offset) !== VERSION_PLAIN || (readFlags(bytes, offset) & KIND_FLAGS) !== FLAG_HANDSHAKE) {
    return undefined;
  }
  const view = viewOf(bytes, offset);
  return { sessionId: view.getUint32(SESSION_ID_AT), nonce: view.getBigUint64(NONCE_AT) };
}

/**
 * Whether the proof of a packet that {@link readProof} has read was made with the session's secret, and neither it nor the
 * header was changed since. Takes the same time wherever a wrong tag differs. A true proof may still be a replayed one:
 * ask {@link ProofNonces} next.
 *
 * @param secret - that of the session whose id the proof has, 16 bytes.
 * @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE` if the secret has another length, `ERR_SECURITY_PRIMITIVE_OUTPUT` if the
 *   HMAC has. Never because of what the packet holds.
 */
export function verifyProof(bytes: Uint8Array, offset: ArenaOffset, secret: Uint8Array, hmacSha256: HmacSha256): boolean {
  const expected = tagOf(bytes, offset, secret, hmacSha256);
  let difference = 0;
  for (let i = 0; i < TAG_BYTES; i++) difference |= expected[i] ^ bytes[offset + TAG_AT + i];
  return difference === 0;
}

/** @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE` */
export function requireNonce(nonce: bigint): void {
  if (nonce < 0n || nonce > MAX_PROOF_NONCE) {
    throw new SecurityError('ERR_SECURITY_OPTION_RANGE', `a proof's nonce must be 0 to 2^64 - 1, got ${nonce}`);
  }
}

function tagOf(bytes: Uint8Array, offset: ArenaOffset, secret: Uint8Array, hmacSha256: HmacSha256): Uint8Array {
  requireInteger('bytes of the session secret', secret.length, PROOF_SECRET_BYTES, PROOF_SECRET_BYTES);
  const hmac = hmacSha256(secret, bytes.subarray(offset, offset + TAG_AT));
  // A shorter one would compare as equal to bytes that nobody had to know.
  if (hmac.length !== SHA256_BYTES) {
    throw new SecurityError('ERR_SECURITY_PRIMITIVE_OUTPUT', `HMAC-SHA-256 must give 32 bytes, got ${hmac.length}`);
  }
  return hmac.subarray(0, TAG_BYTES);
}

function viewOf(bytes: Uint8Array, offset: ArenaOffset): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + offset, PROOF_PACKET_BYTES);
}
