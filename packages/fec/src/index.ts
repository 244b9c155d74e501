/**
 * Forward error correction for a game's packets (docs/protocol.md, FEC). Every group of K packets gets one parity
 * packet, the XOR of them all. From it any one lost packet of the group is recovered exactly. {@link GroupEncoder} makes
 * the parity and {@link GroupDecoder} recovers, in place in a {@link FecMemory} and without allocation, for relays.
 * {@link FecEncoder} and {@link FecDecoder} are the same over arrays, for bots and tools. There is no I/O, no clock and no
 * timer: time is a parameter.
 *
 * @module
 */
export { FecDecoder } from './decoder.ts';
export type { FecDecoderStats, RecoveredPacket } from './decoder.ts';
export { FecEncoder } from './encoder.ts';
export type { FecEncoderStats, FlushedGroup } from './encoder.ts';
export { FecError } from './fec-error.ts';
export type { FecErrorCode } from './fec-error.ts';
export { DEFAULT_MAX_AGE_MS, GroupDecoder } from './group-decoder.ts';
export type { FecDecoderOptions } from './decoder-options.ts';
export { ADD_FULL, ADD_OPEN, ADD_UNPROTECTED, GroupEncoder } from './group-encoder.ts';
export type { FecEncoderOptions } from './group-encoder.ts';
export { GROUPS_IN_RING } from './group-ring.ts';
export { DEFAULT_GROUP_SIZE, GROUP_SIZE_LIMITS, MAX_ENCODER_GROUP_SIZE, MIN_ENCODER_GROUP_SIZE } from './group-sizes.ts';
export type { GroupSizeLimits } from './group-sizes.ts';
export { FEC_BLOCK_BYTES, FEC_BLOCK_CONTENT_BYTES, FecMemory, availableKernel } from './memory.ts';
export type { FecKernel } from './memory.ts';
export { DATA_DUPLICATE, DATA_LATE, DATA_NEW, DATA_NEW_AND_RECOVERED, PARITY_NONE, PARITY_RECOVERED } from './verdicts.ts';
export { xorInto } from './xor.ts';
