import {
  BLOCKS_CARRY,
  BLOCKS_HEADER_BYTES,
  BLOCK_HEAD_BYTES,
  HEADER_BYTES,
  VERSION_FEC,
  VERSION_PLAIN,
  writeBlocksExtension,
} from '@lightspeed/wire';
import type { ArenaOffset, ByteLength, Microseconds, Milliseconds, SequenceNumber } from '@lightspeed/wire';
import type { FlowProtection } from '../protection.ts';
import type { SendFlow } from '../send-flow.ts';
import type { RepeatTarget } from './repeat-plan.ts';
import type { RepeatedFlow } from './repeated-flow.ts';
import type { RepeatingSession } from './repeating-session.ts';

/** Datagrams of one moment of the game's are so close together. */
const SAME_MOMENT_MS = 1;
/** Each interval counts for so much of the average. */
const INTERVAL_SHARE = 1 / 8;
/** A longer pause says nothing of how often the game sends. */
const MAX_INTERVAL_MS = 500;
/** Longest payload that goes alone, and so may be repeated: 1,500 bytes less the headers of IP, UDP, ours and of a block. */
const MAX_REPEATED_BYTES = 1_472 - BLOCKS_HEADER_BYTES - BLOCK_HEAD_BYTES;

/** Repeats of one flow's payloads: they ride on its later packets, or go alone. */
export class RepeatingFlow implements FlowProtection, RepeatedFlow {
  readonly groupSize = 0;
  readonly flow: SendFlow;
  readonly #session: RepeatingSession;
  #lastMs: Milliseconds = 0;
  /** Average between two moments at which the game sends; 0 while it is not known. */
  #intervalMs = 0;
  #hasSent = false;

  constructor(session: RepeatingSession, flow: SendFlow) {
    this.#session = session;
    this.flow = flow;
  }

  send(offset: ArenaOffset, length: ByteLength, nowMs: Milliseconds, nowUs: Microseconds): boolean {
    const session = this.#session;
    const { sender } = session;
    const { wrapper } = sender;
    const { sequence } = this.flow.sending;
    this.#noteMoment(nowMs);
    session.earn(length);
    if (!session.hasWork(nowMs)) return this.#sendUnprotected(sequence, offset, length, nowMs, nowUs);
    const block = length > MAX_REPEATED_BYTES - this.flow.sending.tagBytes ? -1 : sender.memory.take(this.flow.sending.owner);
    if (block < 0) {
      sender.unprotected++;
      return this.#sendUnprotected(sequence, offset, length, nowMs, nowUs);
    }
    // The one copy: the packet is made here, and repeated from here.
    wrapper.bytes.copyWithin(block, offset, offset + length);
    const end = session.appendDue(this, sequence, block - BLOCKS_HEADER_BYTES, block + length, nowMs);
    const isSent = end === block + length ? this.#sendPlain(block, length, nowUs) : this.#sendCarrier(block, length, end, nowUs);
    if (isSent)
      session.noteSent(this.flow, sequence, length, end - block + (end === block + length ? HEADER_BYTES : BLOCKS_HEADER_BYTES), nowMs);
    session.keep(this, sequence, block, length, nowMs, isSent);
    return isSent;
  }

  #sendUnprotected(sequence: SequenceNumber, offset: ArenaOffset, length: ByteLength, nowMs: Milliseconds, nowUs: Microseconds): boolean {
    const isSent = this.#session.sender.wrapper.sendPlain(this.flow, offset, length, nowUs);
    if (isSent) this.#session.noteSent(this.flow, sequence, length, HEADER_BYTES + length, nowMs);
    return isSent;
  }

  #sendPlain(block: number, length: ByteLength, nowUs: Microseconds): boolean {
    const { wrapper } = this.#session.sender;
    wrapper.writeHeader(this.flow, block - HEADER_BYTES, VERSION_PLAIN, nowUs);
    return wrapper.sink.sendPacket(this.flow, block - HEADER_BYTES, HEADER_BYTES + length, false);
  }

  #sendCarrier(block: number, length: ByteLength, end: ArenaOffset, nowUs: Microseconds): boolean {
    const { wrapper } = this.#session.sender;
    const start = block - BLOCKS_HEADER_BYTES;
    wrapper.writeHeader(this.flow, start, VERSION_FEC, nowUs);
    writeBlocksExtension(wrapper.bytes, start, BLOCKS_CARRY, length, this.#session.appended);
    return wrapper.sink.sendPacket(this.flow, start, end - start, false);
  }

  #noteMoment(nowMs: Milliseconds): void {
    const gapMs = (nowMs - this.#lastMs) >>> 0;
    this.#lastMs = nowMs;
    if (!this.#hasSent) this.#hasSent = true;
    else if (gapMs > SAME_MOMENT_MS && gapMs <= MAX_INTERVAL_MS) {
      this.#intervalMs += this.#intervalMs === 0 ? gapMs : (gapMs - this.#intervalMs) * INTERVAL_SHARE;
    }
  }

  promisesCarrier(sentMs: Milliseconds, { ageMs, slackMs }: RepeatTarget): boolean {
    const interval = this.#intervalMs;
    if (interval === 0) return true;
    const fromMs = (sentMs + ageMs - this.#lastMs) | 0;
    const nextMs = Math.max(1, Math.ceil(fromMs / interval)) * interval;
    return nextMs - fromMs < slackMs;
  }

  finish(): void {
    this.abandon();
  }

  abandon(): void {
    this.#session.forget(this);
  }
}
