import { TAG_KEY_BYTES, readTagKey } from '@lightspeed/wire';
import type { TagKey } from '@lightspeed/wire';
import { hmacOf } from '../crypto-primitives.ts';
import type { HmacSha256 } from '../crypto-primitives.ts';
import { requireInteger } from '../option-ranges.ts';
import { PROOF_SECRET_BYTES, requireNonce } from './proof.ts';

/** The keys of a session's packet tags, one for each direction. */
export interface TagKeys {
  /** Of what the client sends. */
  readonly up: TagKey;
  /** Of what the node sends. */
  readonly down: TagKey;
}

const UP_LABEL = bytesOf('lstp-tag-up');
const DOWN_LABEL = bytesOf('lstp-tag-down');
/** Session id u32, nonce u64. */
const OPENING_BYTES = 12;

/**
 * The keys of a session's packet tags (docs/protocol.md, Packet tags). Each is the first 8 bytes of HMAC-SHA-256 under the
 * session secret. The data are `lstp-tag-up` or `lstp-tag-down`, the session id as u32 and the opening nonce as u64.
 *
 * @param secret - the session's, 16 bytes.
 * @param sessionId - u32.
 * @param openingNonce - u64: the nonce of the proof that opened the session. A session that opens again has other keys, so
 *   that nobody can replay the packets of the former one.
 * @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE`, `ERR_SECURITY_PRIMITIVE_OUTPUT`
 */
export function tagKeys(secret: Uint8Array, sessionId: number, openingNonce: bigint, hmacSha256: HmacSha256): TagKeys {
  requireInteger('bytes of the session secret', secret.length, PROOF_SECRET_BYTES, PROOF_SECRET_BYTES);
  requireInteger('sessionId', sessionId, 0, 0xffff_ffff);
  requireNonce(openingNonce);
  const keyOf = (label: Uint8Array): TagKey => {
    const message = new Uint8Array(label.length + OPENING_BYTES);
    message.set(label);
    const view = new DataView(message.buffer, label.length);
    view.setUint32(0, sessionId);
    view.setBigUint64(4, openingNonce);
    return readTagKey(hmacOf(secret, message, hmacSha256).subarray(0, TAG_KEY_BYTES));
  };
  return { up: keyOf(UP_LABEL), down: keyOf(DOWN_LABEL) };
}

function bytesOf(label: string): Uint8Array {
  return Uint8Array.from(label, (character) => character.charCodeAt(0));
}
