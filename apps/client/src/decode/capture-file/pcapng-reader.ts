import { ByteQueue } from './byte-queue.ts';
import { MAX_FRAME_BYTES } from './captured-frame.ts';
import type { CapturedFrame, FrameReader } from './captured-frame.ts';
import { damaged } from './pcap-reader.ts';
import { readInterface, timeIn } from './pcapng-interface.ts';
import type { CaptureInterface } from './pcapng-interface.ts';

const BlockKind = {
  section: 0x0a0d_0d0a,
  interface: 1,
  /** Of old files. */
  packet: 2,
  simplePacket: 3,
  enhancedPacket: 6,
} as const;

const BYTE_ORDER_MAGIC = 0x1a2b_3c4d;
/** Type and length in front, and the length again behind. */
const OUTER_BYTES = 12;
const HEAD_BYTES = 8;
const SECTION_HEAD_BYTES = 12;
/** Longest block that is held: a frame, and remarks about it. Blocks of other kinds may be longer. */
const MAX_BLOCK_BYTES = MAX_FRAME_BYTES + 65_536;
const MAX_INTERFACES = 4_096;
/** What blocks of frames have in front of them. */
const FRAME_HEAD_BYTES = 20;

/** Whether a capture of this form begins with these bytes, at least 4. */
export function isPcapng(start: DataView): boolean {
  return start.getUint32(0) === BlockKind.section;
}

/**
 * Reads captures in Wireshark's form, pcapng: several sections in either byte order, and interfaces with times of their own.
 * It holds one block at the most, and the interfaces of a section.
 */
export class PcapngReader implements FrameReader {
  readonly #queue = new ByteQueue();
  #interfaces: CaptureInterface[] = [];
  #isLittle = false;
  #frames = 0;
  #blocks = 0;

  add(bytes: Uint8Array): void {
    this.#queue.add(bytes);
  }

  next(): CapturedFrame | undefined {
    for (;;) {
      const head = this.#queue.peek(HEAD_BYTES);
      if (head === undefined || !this.#learnByteOrder(head)) return undefined;
      const kind = head.getUint32(0, this.#isLittle);
      const length = head.getUint32(4, this.#isLittle);
      if (length < OUTER_BYTES || length % 4 !== 0) throw this.#damaged(`a block has ${length} bytes`);
      if (!(Object.values(BlockKind) as number[]).includes(kind)) {
        this.#queue.skip(length);
        this.#blocks++;
        continue;
      }
      if (length > MAX_BLOCK_BYTES) throw this.#damaged(`a block has ${length} bytes; allowed are ${MAX_BLOCK_BYTES}`);
      const block = this.#queue.peek(length);
      if (block === undefined) return undefined;
      if (block.getUint32(length - 4, this.#isLittle) !== length) throw this.#damaged('a block says two lengths');
      const body = new DataView(block.buffer, block.byteOffset + HEAD_BYTES, length - OUTER_BYTES);
      const frame = this.#readBlock(kind, body);
      this.#queue.take(length);
      this.#blocks++;
      if (frame !== undefined) return frame;
    }
  }

  end(): void {
    if (this.#blocks === 0) throw this.#damaged('it ends within its first block');
    if (!this.#queue.isEmpty) throw this.#damaged('it ends within a block');
  }

  /** Each section has a byte order of its own. @returns false if more bytes are needed. */
  #learnByteOrder(head: DataView): boolean {
    if (head.getUint32(0) !== BlockKind.section) return true;
    const start = this.#queue.peek(SECTION_HEAD_BYTES);
    if (start === undefined) return false;
    const isBig = start.getUint32(HEAD_BYTES) === BYTE_ORDER_MAGIC;
    if (!isBig && start.getUint32(HEAD_BYTES, true) !== BYTE_ORDER_MAGIC) throw this.#damaged('a section does not tell its byte order');
    this.#isLittle = !isBig;
    return true;
  }

  #readBlock(kind: number, body: DataView): CapturedFrame | undefined {
    switch (kind) {
      case BlockKind.section:
        this.#interfaces = [];
        return undefined;
      case BlockKind.interface: {
        if (this.#interfaces.length === MAX_INTERFACES) throw this.#damaged(`it has more than ${MAX_INTERFACES} interfaces`);
        const described = readInterface(body, this.#isLittle);
        if (described === undefined) throw this.#damaged('an interface is cut short');
        this.#interfaces.push(described);
        return undefined;
      }
      case BlockKind.simplePacket:
        return this.#readSimplePacket(body);
      default:
        return this.#readPacket(kind, body);
    }
  }

  #readPacket(kind: number, body: DataView): CapturedFrame {
    if (body.byteLength < FRAME_HEAD_BYTES) throw this.#damaged('a block is too short for a frame');
    const isLittle = this.#isLittle;
    const from = this.#interface(kind === BlockKind.packet ? body.getUint16(0, isLittle) : body.getUint32(0, isLittle));
    const units = (BigInt(body.getUint32(4, isLittle)) << 32n) | BigInt(body.getUint32(8, isLittle));
    return this.#frame(from, timeIn(from, units), body, FRAME_HEAD_BYTES, body.getUint32(12, isLittle));
  }

  /** A frame of the first interface, without a time. */
  #readSimplePacket(body: DataView): CapturedFrame {
    if (body.byteLength < 4) throw this.#damaged('a block is too short for a frame');
    const from = this.#interface(0);
    const kept = from.snapBytes === 0 ? Infinity : from.snapBytes;
    return this.#frame(from, undefined, body, 4, Math.min(body.getUint32(0, this.#isLittle), kept));
  }

  #interface(index: number): CaptureInterface {
    if (index < this.#interfaces.length) return this.#interfaces[index];
    throw this.#damaged(`a frame is of interface ${index}; there are ${this.#interfaces.length}`);
  }

  #frame({ linkType }: CaptureInterface, timeNs: bigint | undefined, body: DataView, at: number, length: number): CapturedFrame {
    if (at + length > body.byteLength) throw this.#damaged(`a frame of ${length} bytes is longer than its block`);
    this.#frames++;
    return { number: this.#frames, timeNs, linkType, bytes: new Uint8Array(body.buffer, body.byteOffset + at, length) };
  }

  #damaged(what: string) {
    return damaged(`at byte ${this.#queue.position} ${what}`);
  }
}
