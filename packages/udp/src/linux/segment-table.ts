import { SOCKADDR_BYTES } from './addresses.ts';
import { SOL_UDP, UDP_SEGMENT } from './constants.ts';
import { NativeBlock } from './libc.ts';
import type { SendTable } from './messages.ts';
import { HEADER_BYTES, HEADER_WORDS, IOVEC_BYTES, NAME_LENGTH, highHalf, lowHalf, writePointer } from './messages.ts';

/*
 * A run is several datagrams that lie next to each other in a SendTable and go to one address. Its message gathers their
 * iovecs, and a control message says where the kernel is to cut:
 *
 *   SendTable    iovecs  | 0 | 1 | 2 | 3 | ...      addresses | 0 | 1 | ...
 *                          ^-----------^                        ^
 *   header of a run        iov, iovlen 3                        name       control -> | cmsghdr 16 | size u16 | - 6 |
 */

/** Most datagrams of one run: what every kernel with UDP_SEGMENT takes. */
const MOST_SEGMENTS = 64;
/** Most bytes of one run: what a single UDP datagram could have. */
const MOST_BYTES = 65_507;

const CONTROL_BYTES = 24;
const CONTROL_WORDS = CONTROL_BYTES / 4;
const CONTROL_USED_BYTES = 18;

const IOVEC = 4;
const IOVEC_COUNT = 6;
const CONTROL = 8;
const CONTROL_LENGTH = 10;

/** Messages for sendmmsg over the datagrams of a {@link SendTable}, several datagrams to each where that goes. */
export class SegmentTable {
  readonly addresses: readonly bigint[];
  /** First datagram of each message, and one past that of the last. */
  readonly first: Int32Array;
  count = 0;
  private readonly table: SendTable;
  private readonly block: NativeBlock;
  private readonly firstControl: number;
  private readonly nameLow: number;
  private readonly nameHigh: number;
  private readonly iovecLow: number;
  private readonly iovecHigh: number;

  constructor(capacity: number, table: SendTable) {
    this.table = table;
    this.block = new NativeBlock(capacity * (HEADER_BYTES + CONTROL_BYTES));
    this.first = new Int32Array(capacity + 1);
    this.firstControl = capacity * HEADER_WORDS;
    const addresses: bigint[] = [];
    for (let index = 0; index < capacity; index++) {
      const header = index * HEADER_WORDS;
      const control = this.firstControl + index * CONTROL_WORDS;
      addresses.push(this.block.address + BigInt(index * HEADER_BYTES));
      this.block.setUint64(header + CONTROL, this.block.address + BigInt(control * 4));
      this.block.setUint64(control, BigInt(CONTROL_USED_BYTES));
      this.block.words[control + 2] = SOL_UDP;
      this.block.words[control + 3] = UDP_SEGMENT;
    }
    this.addresses = addresses;
    this.nameLow = lowHalf(table.firstNamePointer);
    this.nameHigh = highHalf(table.firstNamePointer);
    this.iovecLow = lowHalf(table.firstIovecPointer);
    this.iovecHigh = highHalf(table.firstIovecPointer);
  }

  /** Makes messages of datagrams `0 .. count-1`. Those of more than `limitBytes` go alone. */
  gather(count: number, limitBytes: number, toPeer: boolean): void {
    let messages = 0;
    for (let datagram = 0; datagram < count;) {
      const run = this.runLength(datagram, count, limitBytes);
      this.set(messages, datagram, run, toPeer);
      this.first[messages++] = datagram;
      datagram += run;
    }
    this.first[messages] = count;
    this.count = messages;
  }

  /** How many of `count` messages from `message` on carry more than one datagram. */
  longerThanOne(message: number, count: number): number {
    let runs = 0;
    for (let index = message; index < message + count; index++) {
      if (this.first[index + 1] - this.first[index] > 1) runs++;
    }
    return runs;
  }

  /** Equal lengths, but for the last, which may be shorter. */
  private runLength(from: number, count: number, limitBytes: number): number {
    const { table } = this;
    const size = table.length(from);
    if (size === 0 || size > limitBytes) return 1;
    const most = Math.min(count - from, MOST_SEGMENTS, (MOST_BYTES / size) | 0);
    let run = 1;
    while (run < most && table.sameName(from, from + run)) {
      const length = table.length(from + run);
      if (length > size || length === 0) break;
      run++;
      if (length < size) break;
    }
    return run;
  }

  private set(index: number, datagram: number, run: number, toPeer: boolean): void {
    const { words } = this.block;
    const header = index * HEADER_WORDS;
    writePointer(words, header, this.nameLow, this.nameHigh, datagram * SOCKADDR_BYTES);
    words[header + NAME_LENGTH] = toPeer ? 0 : SOCKADDR_BYTES;
    writePointer(words, header + IOVEC, this.iovecLow, this.iovecHigh, datagram * IOVEC_BYTES);
    words[header + IOVEC_COUNT] = run;
    words[header + CONTROL_LENGTH] = run === 1 ? 0 : CONTROL_BYTES;
    words[this.firstControl + index * CONTROL_WORDS + 4] = this.table.length(datagram);
  }
}
