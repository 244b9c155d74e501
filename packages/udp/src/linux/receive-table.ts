import type { SlottedArena } from '@lightspeed/memory';
import type { AddressBook, AddressHandle, ArenaOffset, ByteLength, Port, RoleArray } from '@lightspeed/wire';
import { isIpv6, NO_ADDRESS } from '@lightspeed/wire';
import { ipOfSockaddrIn6, portOf, SOCKADDR_BYTES, SOCKADDR_IN6_BYTES, swap32 } from './addresses.ts';
import { MSG_TRUNC } from './constants.ts';
import { readDestination, RECEIVED_CONTROL_BYTES } from './control-messages.ts';
import type { Libc } from './libc.ts';
import { CONTROL_LENGTH, FLAGS, HEADER_WORDS, IOVEC_WORDS, MessageTable, MOVED, NAME_LENGTH } from './message-layout.ts';

/**
 * Messages for recvmmsg, message i fixed to slot i of the arena, for sockets of one kind. The kernel leaves everything
 * but the address, flags, length and control messages as they are. So nothing has to be put right between calls except
 * the room for the latter, see {@link takeDestination}.
 */
export class ReceiveTable {
  readonly addresses: readonly bigint[];
  /** Where payload and sender of slot i lie, and a length of the latter that is right for all: for {@link Libc.recvfrom}. */
  readonly payloads: readonly bigint[];
  readonly names: readonly bigint[];
  readonly nameLength: bigint;
  /** Whether messages say where they were sent to. */
  readonly hasDestinations: boolean;
  private readonly words: Int32Array;
  private readonly firstName: number;
  private readonly nameWords: number;
  private readonly firstControl: number;
  private readonly controlWords: number;
  private readonly arena: SlottedArena;
  private readonly book: AddressBook;
  private readonly isIpv6: boolean;

  constructor(arena: SlottedArena, libc: Libc, book: AddressBook, isIpv6Socket: boolean, hasDestinations: boolean) {
    const nameBytes = isIpv6Socket ? SOCKADDR_IN6_BYTES : SOCKADDR_BYTES;
    const table = new MessageTable(arena.slotCount, { nameBytes, controlBytes: hasDestinations ? RECEIVED_CONTROL_BYTES : 0 });
    const base = libc.addressOf(arena.bytes);
    const payloads: bigint[] = [];
    const names: bigint[] = [];
    for (let index = 0; index < arena.slotCount; index++) {
      const iovec = table.firstIovec + index * IOVEC_WORDS;
      payloads.push(base + BigInt(this.payloadOf(arena, index)));
      names.push(table.pointer(table.firstName + index * table.nameWords));
      table.block.setUint64(iovec, payloads[index]);
      table.block.setUint64(iovec + 2, BigInt(arena.maxDatagramBytes));
      if (hasDestinations) table.words[index * HEADER_WORDS + CONTROL_LENGTH] = RECEIVED_CONTROL_BYTES;
    }
    this.addresses = table.addresses;
    this.payloads = payloads;
    this.names = names;
    // The kernel writes back what it found there, for it is what an address of this family takes.
    this.nameLength = table.pointer(NAME_LENGTH);
    this.hasDestinations = hasDestinations;
    this.words = table.words;
    this.firstName = table.firstName;
    this.nameWords = table.nameWords;
    this.firstControl = table.firstControl;
    this.controlWords = table.controlWords;
    this.arena = arena;
    this.book = book;
    this.isIpv6 = isIpv6Socket;
  }

  private payloadOf(arena: SlottedArena, index: number): number {
    return arena.firstPayload + index * arena.slotStrideBytes;
  }

  /** Notes what recvfrom or recvmsg put into slot `index`: the datagram's full length, also of one that did not fit. */
  setReceived(index: number, lengthBytes: ByteLength): void {
    this.words[index * HEADER_WORDS + FLAGS] = lengthBytes > this.arena.maxDatagramBytes ? MSG_TRUNC : 0;
    this.words[index * HEADER_WORDS + MOVED] = lengthBytes;
  }

  /** Whether message `index` holds only the front of its datagram. */
  isTruncated(index: number): boolean {
    return (this.words[index * HEADER_WORDS + FLAGS] & MSG_TRUNC) !== 0;
  }

  offset(index: number): ArenaOffset {
    return this.payloadOf(this.arena, index);
  }

  length(index: number): ByteLength {
    return this.words[index * HEADER_WORDS + MOVED];
  }

  /** The sender's handle; NO_ADDRESS if it has none: the book is full, or the address from 240.0.0.0/4, which handles use. */
  ip(index: number): AddressHandle {
    const name = this.firstName + index * this.nameWords;
    if (this.isIpv6) return ipOfSockaddrIn6(this.words, name, this.book);
    const ip = swap32(this.words[name + 1]);
    return isIpv6(ip) ? NO_ADDRESS : ip;
  }

  port(index: number): Port {
    return portOf(this.words[this.firstName + index * this.nameWords]);
  }

  /** Writes where message `index` was sent to at `entry` of two arrays, and makes its room for control messages whole again. */
  takeDestination(index: number, locals: RoleArray<AddressHandle>, localPorts: RoleArray<Port>, entry: number): void {
    const length = index * HEADER_WORDS + CONTROL_LENGTH;
    const start = this.firstControl + index * this.controlWords;
    readDestination(this.words, start, start + (this.words[length] >> 2), this.book, locals, localPorts, entry);
    this.words[length] = RECEIVED_CONTROL_BYTES;
  }
}
