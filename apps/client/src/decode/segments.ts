import { HEADER_BYTES, TAG_BYTES, fecExtensionBytes, readSequence, readTimestampUs, sequenceDelta } from '@lightspeed/wire';

const MAX_VERSION = 4;
/** Packets that leave with one call have been made within less. */
const MAX_APART_US = 1_000_000;
const MAX_SEGMENTS = 64;
const MAX_HEADER_BYTES = HEADER_BYTES + fecExtensionBytes('standard') + TAG_BYTES;

/**
 * Parts a datagram that a machine was about to send as several, as a capture on that machine shows it (segmentation offload). Such
 * parts have the same length but the last, and are packets of one session whose sequence numbers follow each other.
 * @returns the packets, which alias the payload; the payload alone if it is one packet.
 */
export function segmentsOf(payload: Uint8Array): Uint8Array[] {
  for (let length = HEADER_BYTES; length <= payload.length - HEADER_BYTES; length++) {
    if (!follows(payload, 0, length)) continue;
    const count = Math.ceil(payload.length / length);
    if (count > MAX_SEGMENTS) continue;
    const starts = Array.from({ length: count }, (_, index) => index * length);
    const fit = starts.every((at, index) => index === 0 || follows(payload, at - length, at));
    if (fit) return starts.map((at) => payload.subarray(at, at + length));
  }
  return [payload];
}

function follows(bytes: Uint8Array, first: number, second: number): boolean {
  if (bytes.length < second + HEADER_BYTES || first + MAX_HEADER_BYTES > bytes.length) return false;
  const version = bytes[second] >> 4;
  if (version === 0 || version > MAX_VERSION || (bytes[second] & 0x0f) !== 0 || bytes[first + 1] !== bytes[second + 1]) return false;
  if (sequenceDelta(readSequence(bytes, second), readSequence(bytes, first)) !== 1) return false;
  return (readTimestampUs(bytes, second) - readTimestampUs(bytes, first)) >>> 0 < MAX_APART_US;
}
