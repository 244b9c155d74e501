import type { SlottedArena } from '@lightspeed/memory';
import type { AddressBook, AddressHandle, ArenaOffset, ByteLength, Port } from '@lightspeed/wire';
import { SOCKADDR_BYTES, SOCKADDR_IN6_BYTES, SOCKADDR_IN6_WORDS, writeSockaddr, writeSockaddrIn6 } from './addresses.ts';
import {
  IPV6_PKTINFO_BYTES,
  PKTINFO_BYTES,
  prepareIpv6Pktinfo,
  preparePktinfo,
  writeIpv6Pktinfo,
  writePktinfo,
} from './control-messages.ts';
import type { Libc } from './libc.ts';
import { CONTROL_LENGTH, HEADER_WORDS, highHalf, IOVEC_WORDS, lowHalf, MessageTable, NAME_LENGTH, writePointer } from './message-layout.ts';

/** Messages for sendmmsg through sockets of one family, filled anew for each call. */
export class SendTable {
  readonly addresses: readonly bigint[];
  readonly nameBytes: number;
  /** What one name takes of the block. */
  readonly nameStrideBytes: number;
  /** What the control message with a source takes, and where that of message i lies, in words. */
  readonly sourceBytes: number;
  readonly words: Int32Array;
  /** Where iovec and address of message 0 lie; those of the others follow. */
  readonly firstIovecPointer: bigint;
  readonly firstNamePointer: bigint;
  private readonly firstIovec: number;
  private readonly firstName: number;
  private readonly nameWords: number;
  private readonly firstSource: number;
  private readonly sourceWords: number;
  private readonly baseLow: number;
  private readonly baseHigh: number;
  private readonly book: AddressBook;
  private readonly isIpv6: boolean;

  constructor(capacity: number, arena: SlottedArena, libc: Libc, book: AddressBook, isIpv6Socket: boolean) {
    const base = libc.addressOf(arena.bytes);
    this.nameBytes = isIpv6Socket ? SOCKADDR_IN6_BYTES : SOCKADDR_BYTES;
    this.sourceBytes = isIpv6Socket ? IPV6_PKTINFO_BYTES : PKTINFO_BYTES;
    const table = new MessageTable(capacity, { nameBytes: this.nameBytes, controlBytes: this.sourceBytes });
    this.addresses = table.addresses;
    this.words = table.words;
    this.firstIovec = table.firstIovec;
    this.firstName = table.firstName;
    this.nameWords = table.nameWords;
    this.nameStrideBytes = table.nameWords * 4;
    this.firstSource = table.firstControl;
    this.sourceWords = table.controlWords;
    this.firstIovecPointer = table.pointer(table.firstIovec);
    this.firstNamePointer = table.pointer(table.firstName);
    this.baseLow = lowHalf(base);
    this.baseHigh = highHalf(base);
    this.book = book;
    this.isIpv6 = isIpv6Socket;
    const prepare = isIpv6Socket ? prepareIpv6Pktinfo : preparePktinfo;
    for (let index = 0; index < capacity; index++) prepare(this.words, this.sourceOf(index));
  }

  /**
   * @param local the address to send from; 0 lets the system choose
   * @param toPeer the socket is connected: no address is given, so the kernel uses the route that it has looked up
   */
  set(
    index: number,
    offset: ArenaOffset,
    lengthBytes: ByteLength,
    ip: AddressHandle,
    port: Port,
    local: AddressHandle,
    toPeer: boolean,
  ): void {
    const words = this.words;
    const header = index * HEADER_WORDS;
    words[header + NAME_LENGTH] = toPeer ? 0 : this.nameBytes;
    words[header + CONTROL_LENGTH] = local === 0 ? 0 : this.sourceBytes;

    const iovec = this.firstIovec + index * IOVEC_WORDS;
    writePointer(words, iovec, this.baseLow, this.baseHigh, offset);
    words[iovec + 2] = lengthBytes;

    this.setName(index, ip, port);
    if (local !== 0) this.setSource(index, local);
  }

  setName(index: number, ip: AddressHandle, port: Port): void {
    const name = this.firstName + index * this.nameWords;
    if (this.isIpv6) writeSockaddrIn6(this.words, name, this.book, ip, port);
    else writeSockaddr(this.words, name, ip, port);
  }

  /** Whether two messages go to the same address, and from the same one. */
  sameName(one: number, other: number): boolean {
    const words = this.words;
    const a = this.firstName + one * this.nameWords;
    const b = this.firstName + other * this.nameWords;
    if (words[a] !== words[b]) return false;
    if (this.isIpv6) {
      for (let word = 2; word < SOCKADDR_IN6_WORDS; word++) if (words[a + word] !== words[b + word]) return false;
    } else if (words[a + 1] !== words[b + 1]) {
      return false;
    }
    return this.sameSource(one, other);
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

  /** Whether a message says which address it is to be sent from. */
  hasSource(index: number): boolean {
    return this.words[index * HEADER_WORDS + CONTROL_LENGTH] !== 0;
  }

  /** Where the control message with the source of message `index` lies, in words. */
  sourceOf(index: number): number {
    return this.firstSource + index * this.sourceWords;
  }

  private setSource(index: number, local: AddressHandle): void {
    if (this.isIpv6) writeIpv6Pktinfo(this.words, this.sourceOf(index), this.book, local);
    else writePktinfo(this.words, this.sourceOf(index), local);
  }

  private sameSource(one: number, other: number): boolean {
    const words = this.words;
    if (words[one * HEADER_WORDS + CONTROL_LENGTH] !== words[other * HEADER_WORDS + CONTROL_LENGTH]) return false;
    if (!this.hasSource(one)) return true;
    const a = this.sourceOf(one);
    const b = this.sourceOf(other);
    for (let word = 0; word < this.sourceWords; word++) if (words[a + word] !== words[b + word]) return false;
    return true;
  }
}
