import {
  FLAG_HANDSHAKE,
  HEADER_BYTES,
  VERSION_PLAIN,
  readDestinationIp,
  readDestinationPort,
  readSequence,
  readSourceIp,
  readSourcePort,
  readTimestampUs,
  writeHeader,
} from '@lightspeed/wire';
import type { ArenaOffset, ByteLength, SessionToken } from '@lightspeed/wire';

/** Makes a packet without payload its own answer: flags, sequence, timestamp; addresses swapped. */
export function writeAnswer(bytes: Uint8Array, offset: ArenaOffset, flags: number, token: SessionToken): void {
  writeHeader(
    bytes,
    offset,
    VERSION_PLAIN,
    flags,
    token,
    readSequence(bytes, offset),
    readTimestampUs(bytes, offset),
    readDestinationIp(bytes, offset),
    readDestinationPort(bytes, offset),
    readSourceIp(bytes, offset),
    readSourcePort(bytes, offset),
  );
}

/**
 * Makes a HANDSHAKE its own acknowledgement (docs/protocol.md, Path validation).
 * @param words what follows the header, u64 each: the challenge, then the nonce that opened the session. There must be room
 *   for them: whoever is sent them has sent at least as much.
 * @returns its length.
 */
export function writeAcknowledgement(bytes: Uint8Array, offset: ArenaOffset, token: SessionToken, words: readonly bigint[]): ByteLength {
  writeAnswer(bytes, offset, FLAG_HANDSHAKE, token);
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset + HEADER_BYTES, 8 * words.length);
  words.forEach((word, i) => view.setBigUint64(8 * i, word));
  return HEADER_BYTES + 8 * words.length;
}
