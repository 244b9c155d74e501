import { timingSafeEqual } from 'node:crypto';
import { RESUME_TAG_BYTES, resumeMessage } from '@lightspeed/control';
import type { ResumeRequest } from '@lightspeed/control';
import { ProofNonces } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import type { Client } from './client.ts';

/** Whether somebody who asks for a client's session proves that it is its own. A proof counts once. */
export function provesResume(client: Client, secret: Uint8Array, { sessionId, nonce, tag }: ResumeRequest): boolean {
  const expected = hmacSha256(secret, resumeMessage(sessionId, nonce)).subarray(0, RESUME_TAG_BYTES);
  if (!timingSafeEqual(expected, tag)) return false;
  client.resumes ??= new ProofNonces();
  return client.resumes.accept(nonce);
}
