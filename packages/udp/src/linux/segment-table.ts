import { prepareSegment, SEGMENT_BYTES, SEGMENT_SIZE } from './control-messages.ts';
import { NativeBlock } from './libc.ts';
import {
  CONTROL,
  CONTROL_LENGTH,
  HEADER_BYTES,
  HEADER_WORDS,
  highHalf,
  IOVEC,
  IOVEC_BYTES,
  IOVEC_COUNT,
  lowHalf,
  NAME_LENGTH,
  writePointer,
} from './message-layout.ts';
import type { SendTable } from './send-table.ts';

/*
 * A run is several datagrams that lie next to each other in a SendTable and go to one address. Its message gathers their
 * iovecs, and a control message says where the kernel is to cut:
 *
 *   SendTable    iovecs  | 0 | 1 | 2 | 3 | ...      addresses | 0 | 1 | ...
 *                          ^-----------^                        ^
 *   header of a run        iov, iovlen 3                        name       control -> | UDP_SEGMENT | source |
 *
 * Each control message is left out where there is none: of one datagram alone, or if the system chooses the source.
 */

/** Most datagrams of one run: what every kernel with UDP_SEGMENT takes. */
const MOST_SEGMENTS = 64;
/** Most bytes of one run: what a single UDP datagram could have. */
const MOST_BYTES = 65_507;

const SEGMENT_WORDS = SEGMENT_BYTES / 4;

/** Messages for sendmmsg over the datagrams of a {@link SendTable}, several datagrams to each where that goes. */
export class SegmentTable {
  readonly addresses: readonly bigint[];
  /** First datagram of each message, and one past that of the last. */
  readonly first: Int32Array;
  count = 0;
  private readonly table: SendTable;
  private readonly block: NativeBlock;
  private readonly firstControl: number;
  private readonly controlWords: number;
  private readonly blockLow: number;
  private readonly blockHigh: number;
  private readonly nameLow: number;
  private readonly nameHigh: number;
  private readonly iovecLow: number;
  private readonly iovecHigh: number;

  constructor(capacity: number, table: SendTable) {
    this.table = table;
    this.controlWords = SEGMENT_WORDS + table.sourceBytes / 4;
    this.firstControl = capacity * HEADER_WORDS;
    this.block = new NativeBlock((this.firstControl + capacity * this.controlWords) * 4);
    this.first = new Int32Array(capacity + 1);
    const addresses: bigint[] = [];
    for (let index = 0; index < capacity; index++) {
      addresses.push(this.block.address + BigInt(index * HEADER_BYTES));
      prepareSegment(this.block.words, this.firstControl + index * this.controlWords);
    }
    this.addresses = addresses;
    this.blockLow = lowHalf(this.block.address);
    this.blockHigh = highHalf(this.block.address);
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
    const { table } = this;
    const { words } = this.block;
    const header = index * HEADER_WORDS;
    writePointer(words, header, this.nameLow, this.nameHigh, datagram * table.nameStrideBytes);
    words[header + NAME_LENGTH] = toPeer ? 0 : table.nameBytes;
    writePointer(words, header + IOVEC, this.iovecLow, this.iovecHigh, datagram * IOVEC_BYTES);
    words[header + IOVEC_COUNT] = run;
    // One datagram has no segments: its control messages begin behind that one.
    const control = this.firstControl + index * this.controlWords;
    const skipped = run === 1 ? SEGMENT_BYTES : 0;
    writePointer(words, header + CONTROL, this.blockLow, this.blockHigh, control * 4 + skipped);
    words[header + CONTROL_LENGTH] = SEGMENT_BYTES - skipped;
    words[control + SEGMENT_SIZE] = table.length(datagram);
    if (table.hasSource(datagram)) this.addSource(header, control + SEGMENT_WORDS, datagram);
  }

  private addSource(header: number, control: number, datagram: number): void {
    const { words } = this.block;
    const { words: from, sourceBytes } = this.table;
    const source = this.table.sourceOf(datagram);
    for (let word = 0; word < sourceBytes / 4; word++) words[control + word] = from[source + word];
    words[header + CONTROL_LENGTH] += sourceBytes;
  }
}
