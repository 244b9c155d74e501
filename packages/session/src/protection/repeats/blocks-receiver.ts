import type { FecMemory } from '@lightspeed/fec';
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
import type { ArenaOffset, ByteLength, FlowIndex, Milliseconds, SequenceNumber } from '@lightspeed/wire';
import type { DuplicateWindow } from '../../base/duplicate-window.ts';
import type { BlockReturns } from '../block-returns.ts';
import type { PayloadSink } from '../protection.ts';
import { XorBlocksReceiver } from './xor-blocks-receiver.ts';

/** Where the contents of blocks go that are no payloads, and who may refuse repeats. */
export interface BlockListener {
  /** A report, at `block`. */
  reported(block: ArenaOffset): void;
  /** A request, at `block`. */
  requested(block: ArenaOffset): void;
  /** Whether a payload that was missing may be delivered: it is a packet of the sender's rate. */
  admitRepeat(nowMs: Milliseconds): boolean;
}

/** What the receivers of a relay or tunnel share. */
export interface BlockSupply {
  readonly memory: FecMemory;
  readonly returns: BlockReturns;
  /** In whose name blocks of memory are taken, see `FecMemory.take`. */
  readonly owner?: number;
}

/** Takes blocks off the packets of one session and direction (docs/protocol.md, Blocks). */
export class BlocksReceiver {
  readonly #supply: BlockSupply;
  readonly #bytes: Uint8Array;
  readonly #listener: BlockListener;
  /** There from the first XOR block on. */
  #xor: XorBlocksReceiver | null = null;
  /** Payloads that came in a later packet only, so far. Never goes down. */
  repaired = 0;
  /** Whether the packet that was taken last had repeats, or XOR of payloads. */
  hasRepeats = false;

  constructor(supply: BlockSupply, listener: BlockListener) {
    this.#supply = supply;
    this.#bytes = supply.memory.bytes;
    this.#listener = listener;
  }

  /** A payload was delivered from its own packet: later blocks may need it. */
  delivered(sequence: SequenceNumber, flowIndex: FlowIndex, offset: ArenaOffset, length: ByteLength, nowMs: Milliseconds): void {
    this.#xor?.remember(sequence, flowIndex, offset, length, nowMs);
  }

  /** Gives back the memory of what is too old to help. */
  tidy(nowMs: Milliseconds): void {
    this.#xor?.tidy(nowMs);
  }

  /** Gives all memory back. */
  close(): void {
    this.#xor?.close();
    this.#xor = null;
  }

  /**
   * Takes a packet with blocks, valid, and accepted by the window: delivers the payloads that it repeats, the oldest first, and then
   * its own.
   */
  take(sink: PayloadSink, window: DuplicateWindow, flowIndex: FlowIndex, offset: ArenaOffset, nowMs: Milliseconds): void {
    const bytes = this.#bytes;
    this.hasRepeats = false;
    this.#takeBlocks(sink, window, flowIndex, offset, nowMs);
    if (isAlone(bytes, offset)) return;
    const payload = offset + BLOCKS_HEADER_BYTES;
    const length = readOwnLength(bytes, offset);
    sink.deliverPayload(flowIndex, payload, length);
    this.delivered(readSequence(bytes, offset), flowIndex, payload, length, nowMs);
  }

  #takeBlocks(sink: PayloadSink, window: DuplicateWindow, flowIndex: FlowIndex, offset: ArenaOffset, nowMs: Milliseconds): void {
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
        this.hasRepeats = true;
      } else this.#recover(sink, window, flowIndex, readSequence(bytes, offset), block, nowMs);
      block = nextBlock(bytes, block);
    }
    if (distance <= MAX_BLOCK_DISTANCE) this.#deliverRepeats(sink, window, flowIndex, offset, isFalling, nowMs);
  }

  #recover(
    sink: PayloadSink,
    window: DuplicateWindow,
    flowIndex: FlowIndex,
    carrier: SequenceNumber,
    block: ArenaOffset,
    nowMs: Milliseconds,
  ): void {
    const { memory, returns, owner = -1 } = this.#supply;
    this.#xor ??= new XorBlocksReceiver(memory, owner);
    this.hasRepeats = true;
    const xor = this.#xor;
    const recovered = xor.recover(block, carrier, flowIndex);
    if (recovered < 0) return;
    this.#accept(sink, window, flowIndex, xor.recoveredSequence, recovered, xor.recoveredLength, nowMs);
    returns.afterSend(recovered);
  }

  /** In order of falling distance, which is the one in which our senders write them. */
  #deliverRepeats(
    sink: PayloadSink,
    window: DuplicateWindow,
    flowIndex: FlowIndex,
    offset: ArenaOffset,
    isFalling: boolean,
    nowMs: Milliseconds,
  ): void {
    const sequence = readSequence(this.#bytes, offset);
    if (isFalling) this.#deliverAtMost(sink, window, flowIndex, offset, sequence, 1, MAX_BLOCK_DISTANCE, nowMs);
    else {
      let distance = MAX_BLOCK_DISTANCE + 1;
      while ((distance = this.#nextDistance(offset, distance)) > 0) {
        this.#deliverAtMost(sink, window, flowIndex, offset, sequence, distance, distance, nowMs);
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
    nowMs: Milliseconds,
  ): void {
    const bytes = this.#bytes;
    let block = firstBlock(bytes, offset);
    for (let left = readBlockCount(bytes, offset); left > 0; left--) {
      const distance = readBlockDistance(bytes, block);
      if (readBlockType(bytes, block) === BlockType.repeat && distance >= least && distance <= most) {
        this.#deliver(sink, window, flowIndex, (sequence - distance) & 0xffff, block, nowMs);
      }
      block = nextBlock(bytes, block);
    }
  }

  #deliver(
    sink: PayloadSink,
    window: DuplicateWindow,
    flowIndex: FlowIndex,
    sequence: SequenceNumber,
    block: ArenaOffset,
    nowMs: Milliseconds,
  ): void {
    this.#accept(sink, window, flowIndex, sequence, block + BLOCK_HEAD_BYTES, readBlockLength(this.#bytes, block), nowMs);
  }

  /** Delivers a payload that was missing, if it is not here by now. */
  #accept(
    sink: PayloadSink,
    window: DuplicateWindow,
    flowIndex: FlowIndex,
    sequence: SequenceNumber,
    offset: ArenaOffset,
    length: ByteLength,
    nowMs: Milliseconds,
  ): void {
    // What is refused now may still come in its own packet.
    if (!window.isMissing(sequence) || !this.#listener.admitRepeat(nowMs) || !window.acceptRepeat(sequence)) return;
    this.repaired++;
    sink.deliverPayload(flowIndex, offset, length);
    this.delivered(sequence, flowIndex, offset, length, nowMs);
  }
}
