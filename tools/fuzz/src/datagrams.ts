import {
  BLOCKS_ALONE,
  BLOCKS_CARRY,
  BLOCKS_HEADER_BYTES,
  BLOCK_HEAD_BYTES,
  BlockType,
  FLAG_FIN,
  FLAG_HANDSHAKE,
  FLAG_KEEPALIVE,
  HEADER_BYTES,
  REPORT_BYTES,
  REQUEST_BYTES,
  VERSION_FEC,
  VERSION_PLAIN,
  XOR_EXTRA_BYTES,
  fecHeaderBytes,
  writeBlockHead,
  writeBlocksExtension,
  writeFecExtension,
  writeHeader,
  writeReport,
  writeRequest,
  writeXorMask,
} from '@lightspeed/wire';
import type { Dialect, Endpoint } from '@lightspeed/wire';
import type { Random } from '@lightspeed/netem';

/** The longest that is made: over all that fits a usual packet. */
export const MAX_DATAGRAM_BYTES = 1_600;

/** What a packet that is made may contain, so that much of it is right. */
export interface Ingredients {
  readonly dialect: Dialect;
  readonly tokens: readonly number[];
  readonly sources: readonly Endpoint[];
  readonly destinations: readonly Endpoint[];
  /** The clock of who sends it. */
  readonly nowUs: number;
}

/** Lengths of payloads: those at which something changes, and any. */
const LENGTHS = [0, 1, 2, 8, 16, 27, 28, 29, 36, 100, 1_395, 1_400, 1_442, 1_446, 1_452, 1_453] as const;
const FLAGS = [FLAG_KEEPALIVE, FLAG_KEEPALIVE, FLAG_HANDSHAKE] as const;

/**
 * Makes datagrams by their structure: mostly valid packets of sessions that there are, with sequence numbers that go on. Some
 * are then damaged.
 */
export class Datagrams {
  readonly #random: Random;
  #sequence = 0;
  #group = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Writes a datagram at `offset`. @returns its length. */
  write(bytes: Uint8Array, offset: number, of: Ingredients): number {
    const random = this.#random;
    const flags = this.#flags();
    const isFec = flags === 0 && random.once(2);
    const hasBlocks = isFec && of.dialect === 'standard' && random.once(2);
    const headerBytes = isFec ? fecHeaderBytes(of.dialect) : HEADER_BYTES;
    const source = random.pick(of.sources);
    const destination = random.pick(of.destinations);
    const version = isFec ? VERSION_FEC : VERSION_PLAIN;
    const token = random.pick(of.tokens);
    const sequence = this.#nextSequence();
    const sentUs = (of.nowUs - (random.once(20) ? random.nextU32() : 0)) | 0;
    writeHeader(bytes, offset, version, flags, token, sequence, sentUs, source.ip, source.port, destination.ip, destination.port);
    if (hasBlocks) return this.#writeBlocks(bytes, offset);
    if (isFec) this.#writeExtension(bytes, offset, of.dialect);
    const payload = random.once(8) ? random.nextInt(1_500) : random.pick(LENGTHS);
    for (let at = 0; at < payload; at += 1 + random.nextInt(16)) bytes[offset + headerBytes + at] = random.nextU32();
    return random.once(6) ? this.damage(bytes, offset, headerBytes + payload) : headerBytes + payload;
  }

  /** Writes a payload and blocks behind a header, or blocks alone. @returns the packet's length. */
  #writeBlocks(bytes: Uint8Array, offset: number): number {
    const random = this.#random;
    const isAlone = random.once(3);
    const own = isAlone ? 0 : random.nextInt(200);
    const count = 1 + random.nextInt(random.once(4) ? 8 : 2);
    writeBlocksExtension(bytes, offset, isAlone ? BLOCKS_ALONE : BLOCKS_CARRY, own, count);
    let at = offset + BLOCKS_HEADER_BYTES + own;
    for (let left = count; left > 0; left--) {
      const kind = random.nextInt(8);
      if (kind === 0) {
        writeReport(
          bytes,
          at,
          this.#sequence - random.nextInt(80),
          random.nextInt(300),
          random.nextInt(20),
          random.nextInt(256),
          random.nextInt(2),
        );
        at += BLOCK_HEAD_BYTES + REPORT_BYTES;
      } else if (kind === 1) {
        writeRequest(bytes, at, this.#sequence - random.nextInt(80), random.once(2) ? 0 : random.nextInt(65_536));
        at += BLOCK_HEAD_BYTES + REQUEST_BYTES;
      } else {
        const isXor = kind === 2;
        const length = (isXor ? XOR_EXTRA_BYTES : 0) + random.nextInt(150);
        writeBlockHead(
          bytes,
          at,
          isXor ? BlockType.xor : BlockType.repeat,
          random.once(20) ? random.nextInt(256) : 1 + random.nextInt(6),
          length,
        );
        if (isXor) writeXorMask(bytes, at, random.nextInt(random.once(4) ? 65_536 : 4));
        at += BLOCK_HEAD_BYTES + length;
      }
    }
    return random.once(6) ? this.damage(bytes, offset, at - offset) : at - offset;
  }

  /** Damages a datagram in place. @returns its length then. */
  damage(bytes: Uint8Array, offset: number, length: number): number {
    const random = this.#random;
    let left = length;
    for (let times = 1 + random.nextInt(3); times > 0; times--) {
      const at = offset + random.nextInt(Math.min(Math.max(left, 1), 48));
      const kind = random.nextInt(5);
      if (kind === 0) bytes[at] ^= 1 << random.nextInt(8);
      else if (kind === 1) bytes[at] = random.nextU32();
      else if (kind === 2) left = random.nextInt(left + 1);
      else if (kind === 3) left = Math.min(MAX_DATAGRAM_BYTES, left + random.nextInt(64));
      else bytes[offset] = (random.nextInt(16) << 4) | (bytes[offset] & 0xf);
    }
    return left;
  }

  #flags(): number {
    const random = this.#random;
    if (!random.once(8)) return 0;
    if (random.once(50)) return FLAG_FIN;
    return random.once(12) ? random.nextInt(256) : random.pick(FLAGS);
  }

  /** Mostly the next one; sometimes one that came, one from far away, or the same. */
  #nextSequence(): number {
    const random = this.#random;
    if (random.once(30)) return random.nextInt(65_536);
    if (random.once(10)) return (this.#sequence - random.nextInt(1_100)) & 0xffff;
    this.#sequence = (this.#sequence + 1 + (random.once(20) ? random.nextInt(1_100) : 0)) & 0xffff;
    return this.#sequence;
  }

  #writeExtension(bytes: Uint8Array, offset: number, dialect: Dialect): void {
    const random = this.#random;
    if (random.once(4)) this.#group = (this.#group + (random.once(50) ? random.nextInt(65_536) : 1)) & 0xffff;
    const size = random.once(20) ? random.nextInt(256) : 1 + random.nextInt(8);
    const index = random.once(3) ? size : random.nextInt(size + 1);
    writeFecExtension(bytes, offset, dialect, this.#group, index & 0xff, size);
  }
}
