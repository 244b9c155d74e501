import { ClientError } from '../../base/errors.ts';
import { ByteQueue } from './byte-queue.ts';
import { MAX_FRAME_BYTES } from './captured-frame.ts';
import type { CapturedFrame, FrameReader } from './captured-frame.ts';

const FILE_HEADER_BYTES = 24;
const LINK_TYPE_AT = 20;
/** Above these bits stand the length of checksums behind frames, and reserved ones. */
const LINK_TYPE_BITS = 0x03ff_ffff;

const NS_PER_S = 1_000_000_000n;

interface Form {
  readonly nsPerUnit: bigint;
  readonly recordHeaderBytes: number;
}

/** By the first four bytes, as a number in the byte order of who wrote the file. */
const FORMS: Readonly<Record<number, Form>> = {
  0xa1b2_c3d4: { nsPerUnit: 1_000n, recordHeaderBytes: 16 },
  0xa1b2_3c4d: { nsPerUnit: 1n, recordHeaderBytes: 16 },
  // An old patch of Linux' libpcap; it has eight bytes more about each frame.
  0xa1b2_cd34: { nsPerUnit: 1_000n, recordHeaderBytes: 24 },
};

/** Whether a capture of this form begins with these bytes, at least 4. */
export function isPcap(start: DataView): boolean {
  return start.getUint32(0) in FORMS || start.getUint32(0, true) in FORMS;
}

/**
 * Reads captures in tcpdump's form, pcap, in either byte order and with times in micro- or nanoseconds.
 * It holds one frame at the most.
 */
export class PcapReader implements FrameReader {
  readonly #queue = new ByteQueue();
  #file: (Form & { readonly isLittle: boolean; readonly linkType: number }) | undefined;
  #frames = 0;

  add(bytes: Uint8Array): void {
    this.#queue.add(bytes);
  }

  next(): CapturedFrame | undefined {
    this.#file ??= this.#readFileHeader();
    if (this.#file === undefined) return undefined;
    const { isLittle, linkType, nsPerUnit, recordHeaderBytes } = this.#file;
    const header = this.#queue.peek(recordHeaderBytes);
    if (header === undefined) return undefined;
    const length = header.getUint32(8, isLittle);
    if (length > MAX_FRAME_BYTES) {
      throw damaged(`at byte ${this.#queue.position} a frame has ${length} bytes; allowed are ${MAX_FRAME_BYTES}`);
    }
    if (this.#queue.peek(recordHeaderBytes + length) === undefined) return undefined;
    const timeNs = BigInt(header.getUint32(0, isLittle)) * NS_PER_S + BigInt(header.getUint32(4, isLittle)) * nsPerUnit;
    this.#queue.take(recordHeaderBytes);
    this.#frames++;
    return { number: this.#frames, timeNs, linkType, bytes: this.#queue.take(length) };
  }

  end(): void {
    if (this.#file === undefined) throw damaged('it ends within its first 24 bytes');
    if (!this.#queue.isEmpty) throw damaged(`it ends within frame ${this.#frames + 1}`);
  }

  #readFileHeader() {
    const header = this.#queue.peek(FILE_HEADER_BYTES);
    if (header === undefined) return undefined;
    const isLittle = !(header.getUint32(0) in FORMS);
    const form = FORMS[header.getUint32(0, isLittle)];
    const linkType = header.getUint32(LINK_TYPE_AT, isLittle) & LINK_TYPE_BITS;
    this.#queue.take(FILE_HEADER_BYTES);
    return { ...form, isLittle, linkType };
  }
}

/** Says that a capture cannot be read any further, and what can be done. */
export function damaged(what: string): ClientError {
  return new ClientError(
    'ERR_CLIENT_DAMAGED_CAPTURE',
    `the capture is damaged or cut off: ${what}; what came before is shown. Copy it again, or save it anew with Wireshark or tcpdump`,
  );
}
