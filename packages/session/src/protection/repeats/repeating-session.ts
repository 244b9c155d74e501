import {
  BLOCKS_ALONE,
  BLOCKS_HEADER_BYTES,
  BLOCK_HEAD_BYTES,
  BlockType,
  FEC_EXTENSION_BYTES_STANDARD,
  HEADER_BYTES,
  MAX_BLOCKS,
  MAX_BLOCK_DISTANCE,
  VERSION_FEC,
  sequenceDelta,
  writeBlockHead,
  writeBlocksExtension,
} from '@lightspeed/wire';
import type { ArenaOffset, ByteLength, Milliseconds, SequenceNumber } from '@lightspeed/wire';
import type { Due } from './due-wheel.ts';
import type { RedundancyBudget } from './redundancy-budget.ts';
import { NO_REPEATS } from './repeat-plan.ts';
import type { RepeatPlan } from './repeat-plan.ts';
import type { RepeatSupply, RepeatedFlow } from './repeated-flow.ts';
import { SentPayloads } from './sent-payloads.ts';

/** Headers of IPv4 and UDP, which budgets count. */
const OUTER_BYTES = 28;
/** Longest UDP payload that repeats make of a packet. */
const MAX_CARRIER_BYTES = 1_200;

/** Repeats of one session's payloads, in one direction: what was sent, what is due, and how much may be spent. */
export class RepeatingSession implements Due {
  readonly sender: RepeatSupply;
  /** When payloads are repeated from now on. */
  plan: RepeatPlan = NO_REPEATS;
  /** How many blocks {@link appendDue} has appended. */
  appended = 0;
  dueMs: Milliseconds = 0;
  isWaiting = false;
  previousDue: Due | null = null;
  nextDue: Due | null = null;
  readonly #budget: RedundancyBudget;
  readonly #payloads = new SentPayloads();

  constructor(sender: RepeatSupply, budget: RedundancyBudget) {
    this.sender = sender;
    this.#budget = budget;
  }

  /** A payload goes out. */
  notePayload(length: ByteLength): void {
    this.#budget.earn(OUTER_BYTES + HEADER_BYTES + length);
  }

  /** Whether payloads are to be remembered, or something is to ride on the next one. */
  hasWork(_nowMs: Milliseconds): boolean {
    return this.#isRemembering || this.#payloads.count > 0;
  }

  get #isRemembering(): boolean {
    return this.plan.repeats.length > 0 || this.plan.keptMs > 0;
  }

  /**
   * Appends the repeats of a flow that are due to a packet of it.
   * @param start where the packet begins, `end` where its payload ends.
   * @returns where the packet ends then.
   */
  appendDue(flow: RepeatedFlow, sequence: SequenceNumber, start: ArenaOffset, end: ArenaOffset, nowMs: Milliseconds): ArenaOffset {
    const payloads = this.#payloads;
    this.appended = 0;
    let at = end;
    for (let nth = 0; nth < payloads.count && this.appended < MAX_BLOCKS; nth++) {
      const place = payloads.placeOf(nth);
      if (payloads.flowAt(place) !== flow || !this.#isDue(place, nowMs)) continue;
      at = this.#append(place, sequence, start, at, nowMs);
    }
    return at;
  }

  /** Remembers a payload that has just gone out, or gives its block back. */
  keep(flow: RepeatedFlow, sequence: SequenceNumber, block: number, length: ByteLength, nowMs: Milliseconds, isSent: boolean): void {
    const payloads = this.#payloads;
    const { returns } = this.sender;
    if (isSent && this.#isRemembering) {
      if (payloads.isFull) this.#remove(payloads.placeOf(0));
      payloads.add(flow, sequence, block, length, nowMs, returns.batch);
    } else returns.afterSend(block);
    this.#removeFinished(nowMs);
    this.#wait(nowMs);
  }

  /**
   * Somebody misses packets: sends the payloads of those that are remembered, each once.
   * @param base the first number, `mask` as in a request's block.
   */
  answer(base: SequenceNumber, mask: number): void {
    for (let bit = 0, asked = (mask << 1) | 1; asked !== 0; bit++, asked >>>= 1) {
      if ((asked & 1) === 0) continue;
      const place = this.#payloads.find((base + bit) & 0xffff);
      if (place < 0 || ((this.sender.nowMs - this.#payloads.sentMsAt(place)) | 0) > this.plan.keptMs) continue;
      if (this.#payloads.noteAsked(place)) this.#sendAlone(place);
    }
  }

  /** Forgets a flow that ends. */
  forget(flow: RepeatedFlow): void {
    const payloads = this.#payloads;
    for (let nth = 0; nth < payloads.count;) {
      const place = payloads.placeOf(nth);
      const before = payloads.count;
      if (payloads.flowAt(place) === flow) this.#remove(place);
      // Removing the oldest ones moves the others up.
      if (payloads.count === before) nth++;
      else nth = 0;
    }
    this.#wait(this.sender.nowMs);
  }

  handleDue(): void {
    const { nowMs } = this.sender;
    const payloads = this.#payloads;
    for (let nth = 0; nth < payloads.count; nth++) {
      const place = payloads.placeOf(nth);
      if (payloads.flowAt(place) !== null && this.#isDue(place, nowMs) && ((nowMs - this.#aloneMs(place)) | 0) >= 0) this.#sendAlone(place);
    }
    this.#removeFinished(nowMs);
    this.#wait(nowMs);
  }

  /** Whether a payload has come to the age of its next repeat. */
  #isDue(place: number, nowMs: Milliseconds): boolean {
    const { repeats } = this.plan;
    const done = this.#payloads.doneAt(place);
    return done < repeats.length && ((nowMs - this.#payloads.sentMsAt(place)) | 0) >= repeats[done].ageMs;
  }

  /** When a payload's next repeat goes alone, if it has one. */
  #aloneMs(place: number): Milliseconds {
    const payloads = this.#payloads;
    const sentMs = payloads.sentMsAt(place);
    const target = this.plan.repeats[payloads.doneAt(place)];
    const waits = payloads.flowAt(place)?.promisesCarrier(sentMs, target) === true;
    return (sentMs + target.ageMs + (waits ? target.slackMs : 0)) | 0;
  }

  /** Appends one repeat, if it fits, and if the budget has it. @returns where the packet ends then. */
  #append(place: number, sequence: SequenceNumber, start: ArenaOffset, at: ArenaOffset, nowMs: Milliseconds): ArenaOffset {
    const payloads = this.#payloads;
    const { bytes } = this.sender.wrapper;
    const length = payloads.lengthAt(place);
    const { tagBytes } = payloads.flowAt(place)?.flow.sending ?? { tagBytes: 0 };
    const end = at + BLOCK_HEAD_BYTES + length;
    if (end - start + tagBytes > MAX_CARRIER_BYTES) return at;
    const distance = sequenceDelta(sequence, payloads.sequenceAt(place));
    this.#noteRepeat(place, nowMs);
    if (distance > MAX_BLOCK_DISTANCE || !this.#spend(BLOCK_HEAD_BYTES + length + (this.appended === 0 ? FEC_EXTENSION_BYTES_STANDARD : 0)))
      return at;
    writeBlockHead(bytes, at, BlockType.repeat, distance, length);
    bytes.copyWithin(at + BLOCK_HEAD_BYTES, payloads.blockAt(place), payloads.blockAt(place) + length);
    this.appended++;
    this.sender.repeatsCarried++;
    return end;
  }

  /** Sends a payload's repeat in a packet of its own, with those of its flow that are due as well. */
  #sendAlone(place: number): void {
    const payloads = this.#payloads;
    const { sender } = this;
    const { returns, wrapper } = sender;
    const { flow } = payloads.flowAt(place) ?? {};
    // Its bytes may still be on their way to the kernel: the next millisecond will do.
    if (flow === undefined || payloads.batchAt(place) === returns.batch) return;
    const block = payloads.blockAt(place);
    const length = payloads.lengthAt(place);
    const { sequence, tagBytes } = flow.sending;
    const distance = sequenceDelta(sequence, payloads.sequenceAt(place));
    this.#noteRepeat(place, sender.nowMs);
    const start = block - BLOCK_HEAD_BYTES - BLOCKS_HEADER_BYTES;
    if (distance > MAX_BLOCK_DISTANCE || !this.#spend(OUTER_BYTES + tagBytes + block - start + length)) return;
    writeBlockHead(wrapper.bytes, block - BLOCK_HEAD_BYTES, BlockType.repeat, distance, length);
    const owner = payloads.flowAt(place);
    const end = owner === null ? block + length : this.appendDue(owner, sequence, start, block + length, sender.nowMs);
    wrapper.writeHeader(flow, start, VERSION_FEC, sender.nowUs);
    writeBlocksExtension(wrapper.bytes, start, BLOCKS_ALONE, 0, this.appended + 1);
    wrapper.sink.sendPacket(flow, start, end - start, true);
    payloads.noteBatch(place, returns.batch);
    sender.packetsAlone++;
  }

  /** All repeats whose age the payload has by now are one. */
  #noteRepeat(place: number, nowMs: Milliseconds): void {
    const { repeats } = this.plan;
    const payloads = this.#payloads;
    const ageMs = (nowMs - payloads.sentMsAt(place)) | 0;
    let done = payloads.doneAt(place);
    while (done < repeats.length && repeats[done].ageMs <= ageMs) done++;
    payloads.noteRepeats(place, done);
  }

  #spend(bytes: ByteLength): boolean {
    if (this.#budget.take(bytes, this.sender.nowMs)) return true;
    this.sender.overBudget++;
    return false;
  }

  #removeFinished(nowMs: Milliseconds): void {
    const payloads = this.#payloads;
    const { repeats, keptMs } = this.plan;
    for (let nth = payloads.count - 1; nth >= 0; nth--) {
      const place = payloads.placeOf(nth);
      if (payloads.flowAt(place) === null || payloads.doneAt(place) < repeats.length) continue;
      if (((nowMs - payloads.sentMsAt(place)) | 0) >= keptMs) this.#remove(place);
    }
  }

  #remove(place: number): void {
    this.sender.returns.afterSend(this.#payloads.remove(place));
  }

  /** Waits for the next repeat that goes alone, or for the next payload that nobody may ask for any more. */
  #wait(nowMs: Milliseconds): void {
    const payloads = this.#payloads;
    const { wheel } = this.sender;
    let next = -1;
    for (let nth = 0; nth < payloads.count; nth++) {
      const place = payloads.placeOf(nth);
      if (payloads.flowAt(place) === null) continue;
      const isDone = payloads.doneAt(place) >= this.plan.repeats.length;
      const dueMs = isDone ? payloads.sentMsAt(place) + this.plan.keptMs : this.#aloneMs(place);
      const inMs = Math.max(0, (dueMs - nowMs) | 0);
      if (next < 0 || inMs < next) next = inMs;
    }
    if (next < 0) wheel.end(this);
    else wheel.set(this, (nowMs + next) | 0, nowMs);
  }
}
