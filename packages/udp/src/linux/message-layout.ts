import type { ArenaOffset } from '@lightspeed/wire';
import { NativeBlock } from './libc.ts';

/*
 * struct mmsghdr of 64-bit Linux, 64 bytes, as 32-bit words (all machines that we run on are little-endian):
 *
 *   0-1 name *   2 namelen   3 -   4-5 iov *   6-7 iovlen   8-9 control *   10-11 controllen   12 flags   13 -
 *   14 length moved   15 -
 *
 * struct iovec, 16 bytes:   0-1 base *   2-3 length
 */

/** Length of struct mmsghdr. */
export const HEADER_BYTES = 64;
/** Length of struct mmsghdr in words. */
export const HEADER_WORDS = HEADER_BYTES / 4;
/** Length of struct iovec. */
export const IOVEC_BYTES = 16;
/** Length of struct iovec in words. */
export const IOVEC_WORDS = IOVEC_BYTES / 4;

/** The word of a struct mmsghdr with the length of the address. */
export const NAME_LENGTH = 2;
/** The first word of the pointer to the iovec. */
export const IOVEC = 4;
/** The word with the number of iovecs. */
export const IOVEC_COUNT = 6;
/** The first word of the pointer to control messages. */
export const CONTROL = 8;
/** The word with the length of control messages. */
export const CONTROL_LENGTH = 10;
/** The word with the flags of what came. */
export const FLAGS = 12;
/** The word with the length that was sent or received. */
export const MOVED = 14;

/** The low 32 bits of a pointer, as an int32. */
export function lowHalf(pointer: bigint): number {
  return Number(BigInt.asIntN(32, pointer));
}

/** The high 32 bits of a pointer, as an int32. */
export function highHalf(pointer: bigint): number {
  return Number(BigInt.asIntN(32, pointer >> 32n));
}

/** Writes a pointer to `offset` bytes behind another one, without making a BigInt. */
export function writePointer(words: Int32Array, word: number, low: number, high: number, offset: ArenaOffset): void {
  // 64-bit arithmetic on two int32: the sum carried if, read as unsigned, it came out below an addend.
  const sum = (low + offset) | 0;
  const carry = (sum ^ 0x8000_0000) < (low ^ 0x8000_0000) ? 1 : 0;
  words[word] = sum;
  words[word + 1] = high + carry;
}

/** What the messages of a table have room for. */
export interface MessageRoom {
  /** What a name takes: a socket address of one family. */
  readonly nameBytes: number;
  /** What its control messages take, padding included; 0 for none. */
  readonly controlBytes: number;
}

/**
 * One block [headers][iovecs][names][control messages], kept alive by whoever holds its words. Pointers among them are
 * written once; per packet only what differs is, by index.
 */
export class MessageTable {
  /** addresses[i] is where the header of message i lies: what to pass to start at message i. */
  readonly addresses: bigint[];
  readonly block: NativeBlock;
  readonly words: Int32Array;
  readonly firstIovec: number;
  readonly firstName: number;
  readonly nameWords: number;
  readonly firstControl: number;
  readonly controlWords: number;

  constructor(count: number, room: MessageRoom) {
    // Whole numbers of 8 bytes, so that every part stays aligned.
    this.nameWords = Math.ceil(room.nameBytes / 8) * 2;
    this.controlWords = room.controlBytes / 4;
    this.firstIovec = count * HEADER_WORDS;
    this.firstName = this.firstIovec + count * IOVEC_WORDS;
    this.firstControl = this.firstName + count * this.nameWords;
    const block = new NativeBlock((this.firstControl + count * this.controlWords) * 4);
    this.block = block;
    this.words = block.words;
    this.addresses = [];
    for (let index = 0; index < count; index++) {
      const header = index * HEADER_WORDS;
      this.addresses.push(this.pointer(header));
      block.setUint64(header, this.pointer(this.firstName + index * this.nameWords));
      block.words[header + NAME_LENGTH] = room.nameBytes;
      block.setUint64(header + IOVEC, this.pointer(this.firstIovec + index * IOVEC_WORDS));
      block.setUint64(header + IOVEC_COUNT, 1n);
      if (room.controlBytes > 0) block.setUint64(header + CONTROL, this.pointer(this.firstControl + index * this.controlWords));
    }
  }

  /** The address of a word of the block. */
  pointer(word: number): bigint {
    return this.block.address + BigInt(word * 4);
  }
}
