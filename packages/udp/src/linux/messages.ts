import type { SlottedArena } from '@lightspeed/memory';
import { familyAndPort, portOf, SOCKADDR_BYTES, SOCKADDR_WORDS, swap32 } from './addresses.ts';
import { MSG_TRUNC } from './constants.ts';
import type { Libc } from './libc.ts';
import { NativeBlock } from './libc.ts';

/*
 * struct mmsghdr of 64-bit Linux, 64 bytes, as 32-bit words (all machines that we run on are little-endian):
 *
 *   0-1 name *   2 namelen   3 -   4-5 iov *   6-7 iovlen   8-9 control *   10-11 controllen   12 flags   13 -
 *   14 length moved   15 -
 *
 * struct iovec, 16 bytes:   0-1 base *   2-3 length
 *
 * A table is one block [headers][iovecs][addresses], kept alive by whoever holds its words. Pointers among them are
 * written once; per packet only what differs is, by index.
 */

export const HEADER_BYTES = 64;
export const HEADER_WORDS = HEADER_BYTES / 4;
export const IOVEC_BYTES = 16;
const IOVEC_WORDS = IOVEC_BYTES / 4;

export const NAME_LENGTH = 2;
const FLAGS = 12;
const MOVED = 14;

export function lowHalf(pointer: bigint): number {
  return Number(BigInt.asIntN(32, pointer));
}

export function highHalf(pointer: bigint): number {
  return Number(BigInt.asIntN(32, pointer >> 32n));
}

/** Writes a pointer to `offset` bytes behind another one, without making a BigInt. */
export function writePointer(words: Int32Array, word: number, low: number, high: number, offset: number): void {
  // 64-bit arithmetic on two int32: the sum carried if, read as unsigned, it came out below an addend.
  const sum = (low + offset) | 0;
  const carry = (sum ^ 0x8000_0000) < (low ^ 0x8000_0000) ? 1 : 0;
  words[word] = sum;
  words[word + 1] = high + carry;
}

class MessageTable {
  /** addresses[i] is where the header of message i lies: what to pass to start at message i. */
  readonly addresses: bigint[];
  readonly block: NativeBlock;
  readonly words: Int32Array;
  readonly firstIovec: number;
  readonly firstName: number;

  constructor(count: number) {
    const block = new NativeBlock(count * (HEADER_BYTES + IOVEC_BYTES + SOCKADDR_BYTES));
    this.block = block;
    this.words = block.words;
    this.firstIovec = count * HEADER_WORDS;
    this.firstName = this.firstIovec + count * IOVEC_WORDS;
    this.addresses = [];
    for (let index = 0; index < count; index++) {
      const header = index * HEADER_WORDS;
      this.addresses.push(block.address + BigInt(index * HEADER_BYTES));
      block.setUint64(header, block.address + BigInt(this.firstName * 4 + index * SOCKADDR_BYTES));
      block.words[header + NAME_LENGTH] = SOCKADDR_BYTES;
      block.setUint64(header + 4, block.address + BigInt(this.firstIovec * 4 + index * IOVEC_BYTES));
      block.setUint64(header + 6, 1n);
    }
  }
}

/**
 * Messages for recvmmsg, message i fixed to slot i of the arena. The kernel leaves everything but the address, flags
 * and length as they are, so nothing has to be put right between calls.
 */
export class ReceiveTable {
  readonly addresses: readonly bigint[];
  /** Where payload and sender of slot i lie, and a length of the latter that is right for all: for {@link Libc.recvfrom}. */
  readonly payloads: readonly bigint[];
  readonly names: readonly bigint[];
  readonly nameLength: bigint;
  private readonly words: Int32Array;
  private readonly firstName: number;
  private readonly arena: SlottedArena;

  constructor(arena: SlottedArena, libc: Libc) {
    const table = new MessageTable(arena.slotCount);
    const base = libc.addressOf(arena.bytes);
    const payloads: bigint[] = [];
    const names: bigint[] = [];
    for (let index = 0; index < arena.slotCount; index++) {
      const iovec = table.firstIovec + index * IOVEC_WORDS;
      payloads.push(base + BigInt(this.payloadOf(arena, index)));
      names.push(table.block.address + BigInt((table.firstName + index * SOCKADDR_WORDS) * 4));
      table.block.setUint64(iovec, payloads[index]);
      table.block.setUint64(iovec + 2, BigInt(arena.maxDatagramBytes));
    }
    this.addresses = table.addresses;
    this.payloads = payloads;
    this.names = names;
    // The kernel writes back what it found there, for it is what an IPv4 address takes.
    this.nameLength = table.block.address + BigInt(NAME_LENGTH * 4);
    this.words = table.words;
    this.firstName = table.firstName;
    this.arena = arena;
  }

  private payloadOf(arena: SlottedArena, index: number): number {
    return arena.firstPayload + index * arena.slotStrideBytes;
  }

  /** Notes what recvfrom put into slot `index`: the datagram's full length, also of one that did not fit. */
  setReceived(index: number, lengthBytes: number): void {
    this.words[index * HEADER_WORDS + FLAGS] = lengthBytes > this.arena.maxDatagramBytes ? MSG_TRUNC : 0;
    this.words[index * HEADER_WORDS + MOVED] = lengthBytes;
  }

  /** Whether message `index` holds only the front of its datagram. */
  isTruncated(index: number): boolean {
    return (this.words[index * HEADER_WORDS + FLAGS] & MSG_TRUNC) !== 0;
  }

  offset(index: number): number {
    return this.payloadOf(this.arena, index);
  }

  length(index: number): number {
    return this.words[index * HEADER_WORDS + MOVED];
  }

  ip(index: number): number {
    return swap32(this.words[this.firstName + index * SOCKADDR_WORDS + 1]);
  }

  port(index: number): number {
    return portOf(this.words[this.firstName + index * SOCKADDR_WORDS]);
  }
}

/** Messages for sendmmsg, filled anew for each call. */
export class SendTable {
  readonly addresses: readonly bigint[];
  /** Where iovec and address of message 0 lie; those of the others follow. */
  readonly firstIovecPointer: bigint;
  readonly firstNamePointer: bigint;
  private readonly words: Int32Array;
  private readonly firstIovec: number;
  private readonly firstName: number;
  private readonly baseLow: number;
  private readonly baseHigh: number;

  constructor(capacity: number, arena: SlottedArena, libc: Libc) {
    const base = libc.addressOf(arena.bytes);
    const table = new MessageTable(capacity);
    this.addresses = table.addresses;
    this.words = table.words;
    this.firstIovec = table.firstIovec;
    this.firstName = table.firstName;
    this.firstIovecPointer = table.block.address + BigInt(table.firstIovec * 4);
    this.firstNamePointer = table.block.address + BigInt(table.firstName * 4);
    this.baseLow = lowHalf(base);
    this.baseHigh = highHalf(base);
  }

  /** @param toPeer the socket is connected: no address is given, so the kernel uses the route that it has looked up */
  set(index: number, offset: number, lengthBytes: number, ip: number, port: number, toPeer: boolean): void {
    const words = this.words;
    words[index * HEADER_WORDS + NAME_LENGTH] = toPeer ? 0 : SOCKADDR_BYTES;

    const iovec = this.firstIovec + index * IOVEC_WORDS;
    writePointer(words, iovec, this.baseLow, this.baseHigh, offset);
    words[iovec + 2] = lengthBytes;

    this.setName(index, ip, port);
  }

  setName(index: number, ip: number, port: number): void {
    const name = this.firstName + index * SOCKADDR_WORDS;
    this.words[name] = familyAndPort(port);
    this.words[name + 1] = swap32(ip);
  }

  /** Whether two messages go to the same address. */
  sameName(one: number, other: number): boolean {
    const words = this.words;
    const a = this.firstName + one * SOCKADDR_WORDS;
    const b = this.firstName + other * SOCKADDR_WORDS;
    return words[a] === words[b] && words[a + 1] === words[b + 1];
  }

  length(index: number): number {
    return this.words[this.firstIovec + index * IOVEC_WORDS + 2];
  }

  /** Payload bytes of messages `first .. first+count-1`. */
  lengthOfRange(first: number, count: number): number {
    let sum = 0;
    for (let index = first; index < first + count; index++) sum += this.length(index);
    return sum;
  }
}
