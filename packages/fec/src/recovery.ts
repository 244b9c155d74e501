import type { FecMemory } from './memory.ts';

/** The bytes are the lost packet's. */
export const RECOVERY_ACCEPTED = 0;
/** They cannot be: nothing is delivered. */
export const RECOVERY_REJECTED = 1;
/** The parity is of the fixed format of old releases, whose lengths are unknown. */
export const RECOVERY_OLD_FORMAT = 2;
/** The parity may be of either format. */
const RECOVERY_AMBIGUOUS = 3;

/**
 * Content of a parity payload of exactly 1,400 bytes. Old releases sent every parity as 1,400 bytes of XOR without
 * lengths. A compact parity has that size only if its group's longest packet has 1,398 bytes.
 */
export const FIXED_FORMAT_CONTENT_BYTES = 1398;

/** Content at which the parity of some peers of dialect `reference` stops, although a packet of the group is longer. */
export const STOPPED_CONTENT_BYTES = 1400;

/**
 * Judges the result of XOR over a group in which one packet is missing (docs/protocol.md, Recovery). Wrong data is
 * worse than lost data. What parity and packets do not prove is not delivered.
 *
 * ```
 *           contentOffset
 *                v
 * block      ... | recovered packet | must be zero | ...
 *                |<- recovered ---->|              |
 *                |<- content: the longest packet ->|
 * ```
 *
 * @param contentLength - of the parity: its payload without the two bytes of lengths.
 * @param recoveredLength - what the lengths say that the missing packet has.
 * @param longestMember - of the packets received, -1 if there is none.
 * @param beyond - XOR over the packets received of over 1,400 bytes: their lengths, each with 1,400. 0 if it is known which
 *   lengths the peer counts.
 * @param hasMemberOf1398 - whether a packet of 1,398 bytes was received, which a parity of 1,400 bytes needs.
 * @param zeroLengths - whether the parity's own two bytes of lengths are zero, as in most fixed-format parities.
 * @param oldPeer - whether the peer was seen to send the fixed format.
 * @param stoppingPeer - whether the peer's parity was seen to stop before the end of a packet.
 */
export function judgeRecovery(
  memory: FecMemory,
  contentOffset: number,
  contentLength: number,
  recoveredLength: number,
  longestMember: number,
  beyond: number,
  hasMemberOf1398: boolean,
  zeroLengths: boolean,
  oldPeer: boolean,
  stoppingPeer: boolean,
): number {
  if (contentLength === FIXED_FORMAT_CONTENT_BYTES) {
    if (!hasMemberOf1398) {
      if (recoveredLength !== contentLength) return RECOVERY_OLD_FORMAT;
      // A byte of its own at its end proves that the missing packet is that long; padding would be zero.
      if (zeroLengths && memory.bytes[contentOffset + contentLength - 1] === 0) return RECOVERY_AMBIGUOUS;
    }
    if (zeroLengths && oldPeer) return RECOVERY_AMBIGUOUS;
  }
  if (recoveredLength > contentLength) return RECOVERY_REJECTED;
  if (contentLength === STOPPED_CONTENT_BYTES && (stoppingPeer || longestMember > contentLength)) {
    return judgeStopped(memory, contentOffset, recoveredLength, longestMember, beyond);
  }
  if (longestMember > contentLength) return RECOVERY_REJECTED;
  // The content is as long as the longest packet: if the missing one is shorter, a received one has that length.
  if (recoveredLength < contentLength && longestMember !== contentLength) return RECOVERY_REJECTED;
  if (!memory.isAllZero(contentOffset + recoveredLength, contentLength - recoveredLength)) return RECOVERY_REJECTED;
  return RECOVERY_ACCEPTED;
}

/**
 * Judges what a parity gives that may have stopped before the end of a packet. Nobody knows whether its lengths did too. So
 * the missing packet must show by a byte of its own, with nothing but zeros behind it, where it ends. One that seems to end
 * where parity stops may go on. So may one that takes some of those zeros in if the lengths stop too.
 */
function judgeStopped(memory: FecMemory, contentOffset: number, recoveredLength: number, longestMember: number, beyond: number): number {
  if (recoveredLength === STOPPED_CONTENT_BYTES || recoveredLength === 0) return RECOVERY_REJECTED;
  if (longestMember < STOPPED_CONTENT_BYTES) return RECOVERY_REJECTED;
  if (longestMember > STOPPED_CONTENT_BYTES && memory.bytes[contentOffset + recoveredLength - 1] === 0) return RECOVERY_REJECTED;
  const otherLength = recoveredLength ^ beyond;
  if (otherLength > recoveredLength && otherLength <= STOPPED_CONTENT_BYTES) return RECOVERY_REJECTED;
  const isEnd = memory.isAllZero(contentOffset + recoveredLength, STOPPED_CONTENT_BYTES - recoveredLength);
  return isEnd ? RECOVERY_ACCEPTED : RECOVERY_REJECTED;
}
