import type { Extension } from '@lightspeed/control';
import { hmacSha256 } from '@lightspeed/security/node';

/** The extension of a Register that asks for the session of an earlier one (docs/protocol.md, Extensions). */
const RESUME_ID = 0x4a;
const LABEL = new TextEncoder().encode('lstp-resume');
const CLAIM_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Asks a node for the session that it gave before, and proves that it is ours:
 *
 * ```text
 *   [session id u32][nonce u64][tag 16 bytes]      tag = first 16 bytes of HMAC-SHA-256(secret, "lstp-resume" || first 12)
 * ```
 *
 * @param nonce one that neither a resumption nor a HANDSHAKE of the session has had.
 * @param secret the session's, 16 bytes.
 */
export function resumeExtension(sessionId: number, nonce: bigint, secret: Uint8Array): Extension {
  const value = new Uint8Array(CLAIM_BYTES + TAG_BYTES);
  const view = new DataView(value.buffer);
  view.setUint32(0, sessionId);
  view.setBigUint64(4, nonce);
  const claim = new Uint8Array(LABEL.length + CLAIM_BYTES);
  claim.set(LABEL);
  claim.set(value.subarray(0, CLAIM_BYTES), LABEL.length);
  value.set(hmacSha256(secret, claim).subarray(0, TAG_BYTES), CLAIM_BYTES);
  return { id: RESUME_ID, value };
}
