import { crc32 } from 'node:zlib';

/**
 * A datagram of the lab's own game. Integers are big-endian, clocks are the sender's in microseconds modulo 2^32:
 *
 * ```
 *   0  magic u16       2  kind u8        3  zero u8
 *   4  bot u32         8  sequence u32
 *  12  acknowledged u32: the newest sequence that the sender has of the other side, 0 for none
 *  16  hold u32: how long ago, in microseconds, it came
 *  20  CRC-32 of all other bytes, u32
 *  24  content, different for each bot and sequence
 * ```
 */
export interface GameDatagram {
  readonly kind: GameKind;
  readonly bot: number;
  /** From 1, one counter per sender and bot. JOIN and WELCOME have none and carry 0. */
  readonly sequence: number;
  readonly acknowledged: number;
  readonly holdUs: number;
}

/** What a datagram of the game is. */
export const GameKind = { join: 1, welcome: 2, input: 3, snapshot: 4 } as const;
/** What a datagram of the game is. */
export type GameKind = (typeof GameKind)[keyof typeof GameKind];

/** Bytes of a game's datagram before its body. */
export const GAME_HEADER_BYTES = 24;

const MAGIC = 0x4c47;
const CRC_AT = 20;

/** A datagram of `lengthBytes` in all, at least {@link GAME_HEADER_BYTES}. */
export function encodeGameDatagram(datagram: GameDatagram, lengthBytes: number): Buffer {
  const bytes = Buffer.alloc(lengthBytes);
  bytes.writeUInt16BE(MAGIC, 0);
  bytes.writeUInt8(datagram.kind, 2);
  bytes.writeUInt32BE(datagram.bot, 4);
  bytes.writeUInt32BE(datagram.sequence, 8);
  bytes.writeUInt32BE(datagram.acknowledged, 12);
  bytes.writeUInt32BE(datagram.holdUs, 16);
  const salt = Math.imul(datagram.bot, 0x9e37_79b1) ^ Math.imul(datagram.sequence, 0x85eb_ca6b);
  for (let at = GAME_HEADER_BYTES; at < lengthBytes; at++) bytes[at] = (Math.imul(salt ^ at, 0xc2b2_ae35) >>> 24) & 0xff;
  bytes.writeUInt32BE(checksum(bytes), CRC_AT);
  return bytes;
}

/** @returns undefined for bytes that no sender of this game has made: changed on the way, or not of this game at all. */
export function decodeGameDatagram(bytes: Buffer): GameDatagram | undefined {
  if (bytes.length < GAME_HEADER_BYTES || bytes.readUInt16BE(0) !== MAGIC) return undefined;
  if (bytes.readUInt32BE(CRC_AT) !== checksum(bytes)) return undefined;
  const kind = bytes.readUInt8(2);
  if (!isGameKind(kind)) return undefined;
  return {
    kind,
    bot: bytes.readUInt32BE(4),
    sequence: bytes.readUInt32BE(8),
    acknowledged: bytes.readUInt32BE(12),
    holdUs: bytes.readUInt32BE(16),
  };
}

function isGameKind(kind: number): kind is GameKind {
  return kind >= GameKind.join && kind <= GameKind.snapshot;
}

function checksum(bytes: Buffer): number {
  return crc32(bytes.subarray(CRC_AT + 4), crc32(bytes.subarray(0, CRC_AT)));
}
