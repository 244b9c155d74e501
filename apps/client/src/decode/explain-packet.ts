import {
  DROP_REASON_NAMES,
  DropReason,
  FLAG_FRAGMENT,
  HEADER_BYTES,
  SAFE_PAYLOAD_BYTES,
  TAG_BYTES,
  TunnelHeader,
  VERSION_FEC,
  VERSION_TAGGED_FEC,
  hasTag,
  isAlone,
  isDropReason,
  openPacket,
  readBlockCount,
  readSequence,
} from '@lightspeed/wire';
import type { Dialect, TagKey } from '@lightspeed/wire';
import { blocksOf } from './block-numbers.ts';
import { blocksIn, faultOfBlocks, readBlocks, readBlocksExtension, refusalOfBlocks } from './explain-blocks.ts';
import { readHandshake } from './explain-handshake.ts';
import { FieldReader } from './fields.ts';
import type { Field } from './fields.ts';
import { explainRefusal } from './reasons.ts';

/** A parity packet's payload ends with the XOR of its group's lengths (docs/protocol.md, FEC). */
const LENGTHS_BYTES = 2;
/** Parity payload of releases up to 0.3, whatever was in the group. */
const OLD_PARITY_BYTES = 1_400;
const PREVIEW_BYTES = 24;

/** A packet, explained. */
export interface PacketExplanation {
  readonly dialect: Dialect;
  readonly lengthBytes: number;
  /** One line about the whole. */
  readonly summary: string;
  /** Undefined if the packet is valid. */
  readonly refusal: { readonly reason: string; readonly words: string; readonly hint: string | undefined } | undefined;
  /** Undefined if too little could be read. */
  readonly header: TunnelHeader | undefined;
  /** Which packets its blocks are about, in order; undefined if it has none, or they are not valid. */
  readonly blocks: ReturnType<typeof blocksOf> | undefined;
  /** All that could be read, in order. */
  readonly fields: readonly Field[];
}

/**
 * Explains a packet field by field (docs/protocol.md, Header). Total: any bytes give an explanation.
 * @param tagKey the key of the packet's direction, with which to check its tag if it has one.
 */
export function explainPacket(bytes: Uint8Array, dialect: Dialect, tagKey?: TagKey): PacketExplanation {
  const decoded = TunnelHeader.decode(bytes, dialect);
  const header = isDropReason(decoded) ? undefined : decoded;
  const blocks = mayHaveBlocks(decoded, bytes, dialect) ? blocksIn(bytes) : undefined;
  const isTagged = header?.tag !== undefined || (blocks !== undefined && hasTag(bytes, 0, bytes.length));
  const tagFits = !isTagged || tagKey === undefined ? undefined : fits(bytes, tagKey);
  const reason = tagFits === false ? DropReason.badTag : blocks === undefined ? refusalOf(decoded) : refusalOfBlocks(blocks);
  const fields = readFields(bytes, dialect, header, tagFits, blocks);
  const common = { dialect, lengthBytes: bytes.length, header, fields, blocks: blocks && reason === 0 ? blocksOf(blocks) : undefined };
  if (reason !== 0) {
    const isOfBlocks = blocks !== undefined && tagFits !== false;
    const words = isOfBlocks ? faultOfBlocks(blocks) : explainRefusal(reason, bytes, dialect);
    const hint = isOfBlocks ? undefined : hintOfDialect(bytes, dialect, reason);
    const refusal = { reason: DROP_REASON_NAMES[reason], words, hint };
    return { ...common, refusal, summary: `not a valid packet: ${words} (${refusal.reason})` };
  }
  if (blocks !== undefined) return { ...common, refusal: undefined, summary: summarizeBlocks(bytes, blocks) };
  return { ...common, refusal: undefined, summary: header === undefined ? '' : summarize(header, bytes.length, dialect) };
}

/** Packets with blocks look like groups with unknown flags. If more is wrong with them, they may also be of dialect `reference`. */
function mayHaveBlocks(decoded: TunnelHeader | DropReason, bytes: Uint8Array, dialect: Dialect): boolean {
  if (decoded === DropReason.badFecFlags) return true;
  const isWrong = decoded === DropReason.reservedNotZero || decoded === DropReason.badGroupSize;
  return isWrong && dialect === 'standard' && isDropReason(TunnelHeader.decode(bytes, 'reference'));
}

function refusalOf(decoded: TunnelHeader | DropReason): DropReason | 0 {
  if (isDropReason(decoded)) return decoded;
  return (decoded.flags & FLAG_FRAGMENT) !== 0 ? DropReason.fragment : 0;
}

function fits(bytes: Uint8Array, { word0, word1 }: TagKey): boolean {
  // Opening a packet changes it.
  const view = new DataView(bytes.slice().buffer);
  return openPacket(view, 0, bytes.length, word0, word1) === 0;
}

/** The bytes alone cannot tell the dialect, but they can contradict one of them. */
function hintOfDialect(bytes: Uint8Array, dialect: Dialect, reason: DropReason): string | undefined {
  const other: Dialect = dialect === 'standard' ? 'reference' : 'standard';
  if (reason === DropReason.fragment || reason === DropReason.badTag) return undefined;
  if (isDropReason(TunnelHeader.decode(bytes, other))) return undefined;
  return `it is valid in dialect ${other}: try --dialect ${other}`;
}

function readFields(
  bytes: Uint8Array,
  dialect: Dialect,
  header: TunnelHeader | undefined,
  tagFits: boolean | undefined,
  blocks: Uint8Array | undefined,
): Field[] {
  const reader = new FieldReader(bytes);
  reader.versionAndFlags(dialect);
  reader.number(1, 'token', (token) => (token === 0 ? 'no session token' : "the session's token"));
  reader.number(2, 'sequence', () => 'of this session and direction');
  reader.number(4, 'timestamp', (us) => `sender's clock: ${(us / 1e6).toFixed(6)} s, starts over every 71.6 min`, ' µs');
  reader.ipv4('source IP', (isZero) => (isZero ? 'none' : 'original source'));
  reader.ipv4('destination IP', (isZero) => (isZero ? 'none' : 'original destination'));
  reader.number(2, 'source port', (port) => (port === 0 ? 'none' : 'original source'));
  reader.number(2, 'destination port', (port) => (port === 0 ? 'none' : 'original destination'));
  const isTagged = dialect === 'standard' && hasTag(bytes, 0, bytes.length);
  if (blocks !== undefined) readBlocksExtension(reader);
  else if (bytes.length > HEADER_BYTES && bytes[0] >> 4 === (isTagged ? VERSION_TAGGED_FEC : VERSION_FEC)) readExtension(reader, dialect);
  if (isTagged) reader.number(TAG_BYTES, 'tag', () => explainTag(tagFits, blocks !== undefined));
  if (blocks !== undefined) readBlocks(reader, blocks, explainPayload);
  else if (header?.kind === 'parity') readParity(reader, header.fec?.size ?? 0);
  else if (isHandshake(header) && readHandshake(reader)) return reader.fields;
  else if (reader.left > 0) reader.raw(reader.left, 'payload', explainPayload(bytes.subarray(-reader.left)));
  return reader.fields;
}

/** Versions 2 and 4 have an extension that no HANDSHAKE needs. */
function isHandshake(header: TunnelHeader | undefined): boolean {
  return header?.kind === 'handshake' && header.fec === undefined;
}

function readExtension(reader: FieldReader, dialect: Dialect): void {
  const size = reader.bytes[HEADER_BYTES + 3];
  reader.number(2, 'FEC group', () => 'of this session and direction');
  reader.number(1, 'packet index', (index) => explainIndex(index, size));
  reader.number(1, 'group size', (k) => `data packets in the group${k === 1 ? ': sent twice' : ''}`);
  if (dialect === 'reference') return;
  reader.number(1, 'FEC flags', (flags) => (flags === 1 ? 'parity' : flags === 0 ? 'data' : 'unknown'));
  reader.number(1, 'reserved', (value) => (value === 0 ? '' : 'must be 0'));
}

function explainTag(tagFits: boolean | undefined, hasBlocks: boolean): string {
  if (tagFits === undefined)
    return `over ${hasBlocks ? 'the header and the heads of blocks' : 'the header and the length of the payload'}; not checked`;
  return tagFits ? 'fits the key' : 'does not fit the key';
}

function explainIndex(index: number, size: number | undefined): string {
  if (size === undefined || size === 0) return '';
  if (index < size) return `number ${index + 1} of ${size}`;
  return index === size ? `the place of parity, behind data 0 to ${size - 1}` : 'past the place of parity';
}

function readParity(reader: FieldReader, size: number): void {
  const contentBytes = reader.left - LENGTHS_BYTES;
  if (contentBytes < 0) {
    if (reader.left > 0) reader.raw(reader.left, 'payload', 'too short for parity: 2 bytes of lengths are missing');
    return;
  }
  const old = reader.left === OLD_PARITY_BYTES ? '; may be the fixed format of releases up to 0.3' : '';
  reader.raw(contentBytes, 'parity content', `XOR of ${size} payloads, the longest of ${contentBytes} bytes${old}`);
  const others = size === 1 ? "the payload's length" : "XORed with the lengths of all payloads but one it gives that one's";
  reader.number(LENGTHS_BYTES, 'XOR of lengths', () => others);
}

function explainPayload(payload: Uint8Array): string {
  const text = Array.from(payload.subarray(0, PREVIEW_BYTES), (byte) => {
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
  }).join('');
  const more = payload.length > PREVIEW_BYTES ? '...' : '';
  const large = payload.length > SAFE_PAYLOAD_BYTES ? `; over the ${SAFE_PAYLOAD_BYTES} bytes that pass everywhere` : '';
  return `"${text}${more}"${large}`;
}

/** Packets with blocks count only where both ends have agreed on them. */
function summarizeBlocks(bytes: Uint8Array, blocks: Uint8Array): string {
  const kind = isAlone(blocks, 0) ? 'packet with blocks alone' : 'data packet with blocks';
  const count = readBlockCount(blocks, 0);
  const parts = [`version ${bytes[0] >> 4} ${kind}`, `${bytes.length} bytes`, `sequence ${readSequence(blocks, 0)}`];
  return `${[...parts, count === 1 ? '1 block' : `${count} blocks`].join(', ')}; for peers that have agreed on blocks`;
}

function summarize(header: TunnelHeader, lengthBytes: number, dialect: Dialect): string {
  const { fec, kind } = header;
  const parts = [`version ${header.version} ${kind} packet`, `${lengthBytes} bytes`, `sequence ${header.sequence}`];
  if (fec !== undefined) {
    const place = fec.parity ? `parity of ${fec.size}` : `number ${fec.index + 1} of ${fec.size}`;
    parts.push(`FEC group ${fec.groupId}, ${place} (dialect ${dialect})`);
  }
  return parts.join(', ');
}
