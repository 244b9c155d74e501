/**
 * The LightSpeed tunnel protocol's packets. Headers of all versions and both dialects come as objects
 * ({@link TunnelHeader}, {@link FecHeader}) and as allocation-free functions over `(bytes, offset)`. There are also
 * sequence arithmetic, size limits and drop reasons. {@link AddressBook} turns IP addresses of both families into
 * single numbers. The package depends on nothing and does no I/O.
 *
 * @module
 */
export { AddressBook, MIN_TRANSIENT_LIFETIME } from './address/address-book.ts';
export type { AddressBookOptions } from './address/address-book.ts';
export { isIpv6, NO_ADDRESS, UNSPECIFIED_IPV6 } from './address/handle.ts';
export { canonicalAddress, formatAddressWords, parseAddressWords } from './address/ipv6-text.ts';
export type { AddressWords } from './address/ipv6-text.ts';
export {
  addressKind,
  addressPrefix,
  formatPrefixWords,
  formatSocketAddress,
  isLoopback,
  isUnspecified,
  parseSocketAddress,
} from './address/socket-address.ts';
export type { AddressKind, SocketAddress } from './address/socket-address.ts';
export {
  BLOCKS_ALONE,
  BLOCKS_CARRY,
  BLOCKS_HEADER_BYTES,
  BLOCK_HEAD_BYTES,
  BlockType,
  MAX_BLOCKS,
  MAX_BLOCK_DISTANCE,
  REPORT_BYTES,
  REQUEST_BYTES,
  XOR_EXTRA_BYTES,
  checkBlocks,
  firstBlock,
  hasBlocks,
  isAlone,
  nextBlock,
  readBlockCount,
  readBlockDistance,
  readBlockLength,
  readBlockType,
  readOwnLength,
  readReportDelayMs,
  readReportEpoch,
  readReportHighest,
  readReportReceived,
  readReportRuns,
  readRequestBase,
  readRequestMask,
  readXorMask,
  writeBlockHead,
  writeBlocksExtension,
  writeReport,
  writeRequest,
  writeXorMask,
} from './blocks.ts';
export {
  FLAG_FIN,
  FLAG_FRAGMENT,
  FLAG_HANDSHAKE,
  FLAG_KEEPALIVE,
  HEADER_BYTES,
  MAX_FEC_PAYLOAD_BYTES,
  MAX_GROUP_SIZE,
  OUTER_BYTES,
  MAX_V1_PAYLOAD_BYTES,
  MAX_V2_PAYLOAD_BYTES,
  MAX_CARRIED_PAYLOAD_BYTES,
  SAFE_PAYLOAD_BYTES,
  TAG_BYTES,
  VERSION_FEC,
  VERSION_PLAIN,
  VERSION_TAGGED_FEC,
  VERSION_TAGGED_PLAIN,
} from './constants.ts';
export { DIALECTS, FEC_EXTENSION_BYTES_REFERENCE, FEC_EXTENSION_BYTES_STANDARD, fecExtensionBytes, fecHeaderBytes } from './dialect.ts';
export type { Dialect } from './dialect.ts';
export { DROP_REASON_COUNT, DROP_REASON_NAMES, DropReason, isDropReason } from './drop-reason.ts';
export { FecHeader } from './fec-header.ts';
export { formatEndpoint, formatIpv4, parseEndpoint, parseIpv4 } from './ipv4.ts';
export type { Endpoint } from './ipv4.ts';
export {
  checkFecExtension,
  checkPacket,
  isParity,
  readDestinationIp,
  readDestinationPort,
  readFlags,
  readGroupId,
  readGroupIndex,
  readGroupSize,
  readHandshakeMode,
  readHandshakePath,
  readSequence,
  readSourceIp,
  readSourcePort,
  readTimestampUs,
  readToken,
  readVersion,
  writeControlHeader,
  writeFecExtension,
  writeFlags,
  writeHandshakePath,
  writeHeader,
  writeToken,
} from './packet.ts';
export { TAG_KEY_BYTES, checkTaggedPacket, hasTag, openPacket, readTagKey, sealPacket } from './packet-tags.ts';
export type { TagKey } from './packet-tags.ts';
export type {
  AddressHandle,
  ArenaOffset,
  ByteLength,
  EgressId,
  FlowIndex,
  Microseconds,
  Milliseconds,
  PathNumber,
  Port,
  Role,
  RoleArray,
  SequenceNumber,
  SessionSlot,
  SessionToken,
} from './roles.ts';
export { nextSequence, sequenceDelta } from './sequence.ts';
export { TunnelHeader } from './tunnel-header.ts';
export type { DecodedPacket, TunnelHeaderFields } from './tunnel-header.ts';
export { wholeNumberFault } from './whole-number.ts';
export { WireError } from './wire-error.ts';
