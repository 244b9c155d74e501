import {
  BLOCKS_HEADER_BYTES,
  BLOCK_HEAD_BYTES,
  BlockType,
  MAX_BLOCK_DISTANCE,
  firstBlock,
  isAlone,
  nextBlock,
  readBlockCount,
  readBlockDistance,
  readBlockLength,
  readBlockType,
  readOwnLength,
  readSequence,
} from '@lightspeed/wire';
import type { ArenaOffset, ByteLength, FlowIndex, SequenceNumber } from '@lightspeed/wire';
import type { DuplicateWindow } from '../../duplicate-window.ts';
import type { PayloadSink } from '../protection.ts';

/** Where the contents of blocks go that are no payloads, and who may refuse repeats. */
export interface BlockListener {
  /** A report, at `block`. */
  reported(block: ArenaOffset): void;
  /** A request, at `block`. */
  requested(block: ArenaOffset): void;
  /** Whether a repeat of `length` bytes may be delivered: it is a packet of the sender's rate. */
  admitRepeat(length: ByteLength): boolean;
}

/** Takes blocks off the packets of one session and direction (docs/protocol.md, Blocks). */
export class BlocksReceiver {
  readonly #bytes: Uint8Array;
  readonly #listener: BlockListener;
  /** Payloads that came in a later packet only, so far. Never goes down. */
  repaired = 0;

  constructor(bytes: Uint8Array, listener: BlockListener) {
    this.#bytes = bytes;
    this.#listener = listener;
  }

  /**
   * Takes a packet with blocks, valid, and accepted by the window: delivers the payloads that it repeats, the oldest first, and then
   * its own.
   */
  take(sink: PayloadSink, window: DuplicateWindow, flowIndex: FlowIndex, offset: ArenaOffset): void {
    const bytes = this.#bytes;
    let distance = MAX_BLOCK_DISTANCE + 1;
    let isFalling = true;
    let block = firstBlock(bytes, offset);
    for (let left = readBlockCount(bytes, offset); left > 0; left--) {
      const type = readBlockType(bytes, block);
      if (type === BlockType.report) this.#listener.reported(block);
      else if (type === BlockType.request) this.#listener.requested(block);
      else if (type === BlockType.repeat) {
        isFalling = isFalling && readBlockDistance(bytes, block) < distance;
        distance = readBlockDistance(bytes, block);
      }
      block = nextBlock(bytes, block);
    }
    // What was sent before a window begins may have been delivered before it did.
    if (distance <= MAX_BLOCK_DISTANCE && !window.hasJustBegun) this.#deliverRepeats(sink, window, flowIndex, offset, isFalling);
    if (!isAlone(bytes, offset)) sink.deliverPayload(flowIndex, offset + BLOCKS_HEADER_BYTES, readOwnLength(bytes, offset));
  }

  /** In order of falling distance, which is the one in which our senders write them. */
  #deliverRepeats(sink: PayloadSink, window: DuplicateWindow, flowIndex: FlowIndex, offset: ArenaOffset, isFalling: boolean): void {
    const sequence = readSequence(this.#bytes, offset);
    if (isFalling) this.#deliverAtMost(sink, window, flowIndex, offset, sequence, 1, MAX_BLOCK_DISTANCE);
    else {
      let distance = MAX_BLOCK_DISTANCE + 1;
      while ((distance = this.#nextDistance(offset, distance)) > 0) {
        this.#deliverAtMost(sink, window, flowIndex, offset, sequence, distance, distance);
      }
    }
  }

  /** The greatest distance of a repeat that is below `below`, or 0. */
  #nextDistance(offset: ArenaOffset, below: number): number {
    const bytes = this.#bytes;
    let greatest = 0;
    let block = firstBlock(bytes, offset);
    for (let left = readBlockCount(bytes, offset); left > 0; left--) {
      const distance = readBlockDistance(bytes, block);
      if (readBlockType(bytes, block) === BlockType.repeat && distance < below && distance > greatest) greatest = distance;
      block = nextBlock(bytes, block);
    }
    return greatest;
  }

  /** Delivers the repeats of distances from `least` to `most`, as they stand in the packet. */
  #deliverAtMost(
    sink: PayloadSink,
    window: DuplicateWindow,
    flowIndex: FlowIndex,
    offset: ArenaOffset,
    sequence: SequenceNumber,
    least: number,
    most: number,
  ): void {
    const bytes = this.#bytes;
    let block = firstBlock(bytes, offset);
    for (let left = readBlockCount(bytes, offset); left > 0; left--) {
      const distance = readBlockDistance(bytes, block);
      if (readBlockType(bytes, block) === BlockType.repeat && distance >= least && distance <= most) {
        this.#deliver(sink, window, flowIndex, (sequence - distance) & 0xffff, block);
      }
      block = nextBlock(bytes, block);
    }
  }

  #deliver(sink: PayloadSink, window: DuplicateWindow, flowIndex: FlowIndex, sequence: SequenceNumber, block: ArenaOffset): void {
    const length = readBlockLength(this.#bytes, block);
    if (!window.acceptRepeat(sequence) || !this.#listener.admitRepeat(length)) return;
    this.repaired++;
    sink.deliverPayload(flowIndex, block + BLOCK_HEAD_BYTES, length);
  }
}
