import { HEADER_BYTES, MAX_GROUP_SIZE } from './constants.ts';
import { fecExtensionBytes } from './dialect.ts';
import type { Dialect } from './dialect.ts';
import type { DropReason } from './drop-reason.ts';
import { checkFecExtension, readGroupId, readGroupIndex, readGroupSize, writeFecExtension } from './packet.ts';
import type { ArenaOffset } from './roles.ts';
import { requireInteger } from './wire-error.ts';

/**
 * A version 2 packet's FEC extension as an object (docs/protocol.md, FEC extension). Immutable.
 *
 * ```
 * standard   | group u16 | index u8 | size u8 | flags u8 | reserved u8 |
 * reference  | group u16 | index u8 | size u8 |
 * ```
 */
export class FecHeader {
  /** Which group of the session and direction, 0 to 65,535. */
  readonly groupId: number;
  /** 0 to size - 1 for data; size for parity. */
  readonly index: number;
  /** How many data packets the group has, 1 to 64. */
  readonly size: number;

  private constructor(groupId: number, index: number, size: number) {
    this.groupId = groupId;
    this.index = index;
    this.size = size;
  }

  /** Whether the payload is the group's parity. */
  get parity(): boolean {
    return this.index >= this.size;
  }

  /**
   * The extension of data packet `index` of a group.
   * @throws {WireError} `ERR_WIRE_FIELD_RANGE` if a number does not fit its field, or `index >= size`.
   */
  static data(groupId: number, index: number, size: number): FecHeader {
    requireInteger('groupId', groupId, 0, 0xffff);
    requireInteger('size', size, 1, MAX_GROUP_SIZE);
    requireInteger('index', index, 0, size - 1);
    return new FecHeader(groupId, index, size);
  }

  /**
   * The extension of a group's parity packet.
   * @throws {WireError} `ERR_WIRE_FIELD_RANGE` if a number does not fit its field.
   */
  static parity(groupId: number, size: number): FecHeader {
    requireInteger('groupId', groupId, 0, 0xffff);
    requireInteger('size', size, 1, MAX_GROUP_SIZE);
    return new FecHeader(groupId, size, size);
  }

  /**
   * Parses the extension at the start of `bytes` (the packet's bytes from 20 on). Total: any bytes give an extension or
   * a reason.
   */
  static decode(bytes: Uint8Array, dialect: Dialect = 'standard'): FecHeader | DropReason {
    const refusal = checkFecExtension(bytes, 0, bytes.length, dialect);
    if (refusal !== 0) return refusal;
    const from = -HEADER_BYTES;
    return new FecHeader(readGroupId(bytes, from), readGroupIndex(bytes, from), readGroupSize(bytes, from));
  }

  /** The extension as a new array of 6 (`standard`) or 4 (`reference`) bytes. */
  encode(dialect: Dialect = 'standard'): Uint8Array {
    const bytes = new Uint8Array(fecExtensionBytes(dialect));
    this.encodeInto(bytes, 0, dialect);
    return bytes;
  }

  /**
   * Writes the extension to `bytes` at `offset`.
   * @returns the bytes written.
   */
  encodeInto(bytes: Uint8Array, offset: ArenaOffset, dialect: Dialect = 'standard'): number {
    return writeFecExtension(bytes, offset - HEADER_BYTES, dialect, this.groupId, this.index, this.size);
  }
}
