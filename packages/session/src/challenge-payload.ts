import { CHALLENGE_BYTES } from '@lightspeed/security';
import { HEADER_BYTES } from '@lightspeed/wire';
import type { ArenaOffset, ByteLength } from '@lightspeed/wire';

/** The challenge behind the header of a HANDSHAKE or its acknowledgement, u64; 0 if there is none. */
export function challengeIn(bytes: Uint8Array, offset: ArenaOffset, length: ByteLength): bigint {
  if (length < HEADER_BYTES + CHALLENGE_BYTES) return 0n;
  return new DataView(bytes.buffer, bytes.byteOffset + offset + HEADER_BYTES, CHALLENGE_BYTES).getBigUint64(0);
}
