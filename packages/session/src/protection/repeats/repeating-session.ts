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
  OUTER_BYTES,
} from '@lightspeed/wire';
import type { ArenaOffset, ByteLength, Milliseconds, SequenceNumber } from '@lightspeed/wire';
import type { SendFlow } from '../send-flow.ts';
import type { Due } from './due-wheel.ts';
import type { RedundancyBudget } from './redundancy-budget.ts';
import { MAX_CARRIER_BYTES, NO_REPEATS } from './repeat-plan.ts';
import type { RepeatPlan } from './repeat-plan.ts';
import type { BlockRider, RedundancyGate, RepeatSupply, RepeatedFlow } from './repeated-flow.ts';
import { RidingXor } from './riding-xor.ts';
import { SentPayloads } from './sent-payloads.ts';

/** A payload waits so long for others to be XORed with. */
const XOR_WAIT_MS = 100;

/** Repeats of one session's payloads, in one direction: what was sent, what is due, and how much may be spent. */
export class RepeatingSession implements Due {
  readonly sender: RepeatSupply;
  /** How many blocks the packet has after {@link appendDue}. */
  appended = 0;
  dueMs: Milliseconds = 0;
  isWaiting = false;
  previousDue: Due | null = null;
  nextDue: Due | null = null;
  readonly #budget: RedundancyBudget;
  readonly #gate: RedundancyGate;
  readonly #rider: BlockRider | null;
  readonly #payloads = new SentPayloads();
  readonly #xor: RidingXor;
  #plan = NO_REPEATS;
  #isRemembering = false;

  /** @param rider what rides on packets besides repeats. */
  constructor(sender: RepeatSupply, budget: RedundancyBudget, gate: RedundancyGate, rider: BlockRider | null) {
    this.sender = sender;
    this.#budget = budget;
    this.#gate = gate;
    this.#rider = rider;
    this.#xor = new RidingXor(sender.memory);
  }

  /** When payloads are repeated from now on. */
  get plan(): RepeatPlan {
    return this.#plan;
  }

  set plan(plan: RepeatPlan) {
    this.#plan = plan;
    this.#isRemembering = plan.repeats.length > 0 || plan.keptMs > 0 || plan.xorPackets > 0;
  }

  /** A payload goes out. */
  earn(length: ByteLength): void {
    this.#budget.earn(OUTER_BYTES + HEADER_BYTES + length);
  }

  /** A payload's packet went out. */
  noteSent(flow: SendFlow, sequence: SequenceNumber, length: ByteLength, packetBytes: ByteLength, nowMs: Milliseconds): void {
    const wireBytes = OUTER_BYTES + flow.sending.tagBytes + packetBytes;
    this.#gate.sent(nowMs, sequence, length, wireBytes, packetBytes - HEADER_BYTES - length);
  }

  /** Whether payloads are to be remembered, or something is to ride on the next one. */
  hasWork(nowMs: Milliseconds): boolean {
    return this.#isRemembering || this.#payloads.count > 0 || this.#rider?.isDue(nowMs) === true;
  }

  /**
   * Appends the repeats of a flow that are due to a packet of it.
   * @param start where the packet begins, `end` where its payload ends; `had` how many blocks it has by now.
   * @returns where the packet ends then.
   */
  appendDue(flow: RepeatedFlow, sequence: SequenceNumber, start: ArenaOffset, end: ArenaOffset, nowMs: Milliseconds, had = 0): ArenaOffset {
    this.appended = had;
    let at = this.#appendRepeats(flow, sequence, start, end, nowMs);
    const rider = this.#rider;
    if (rider !== null && this.appended < MAX_BLOCKS && at + rider.bytes - start <= MAX_CARRIER_BYTES && rider.isDue(nowMs)) {
      rider.write(at, nowMs);
      at += rider.bytes;
      this.appended++;
    }
    return at;
  }

  #appendRepeats(flow: RepeatedFlow, sequence: SequenceNumber, start: ArenaOffset, end: ArenaOffset, nowMs: Milliseconds): ArenaOffset {
    const payloads = this.#payloads;
    if (this.#plan.xorPackets > 0) return this.#appendXor(flow, sequence, start, end);
    let at = end;
    for (let nth = 0; nth < payloads.count && this.appended < MAX_BLOCKS; nth++) {
      const place = payloads.placeOf(nth);
      if (payloads.flowAt(place) !== flow || !this.#isDue(place, nowMs)) continue;
      at = this.#append(place, sequence, start, at, nowMs);
    }
    return at;
  }

  #appendXor(flow: RepeatedFlow, sequence: SequenceNumber, start: ArenaOffset, end: ArenaOffset): ArenaOffset {
    const { sender } = this;
    const { memory } = sender;
    const room = MAX_CARRIER_BYTES - (end - start) - flow.flow.sending.tagBytes;
    const xor = this.#xor;
    if (!xor.choose(this.#payloads, flow, sequence, this.#plan.xorPackets, room)) return end;
    if (!this.#spend(xor.blockBytes + FEC_EXTENSION_BYTES_STANDARD)) return end;
    const block = memory.take(flow.flow.sending.owner);
    if (block < 0) return end;
    xor.write(this.#payloads, block, end);
    memory.release(block);
    this.appended++;
    sender.xorsCarried++;
    return end + xor.blockBytes;
  }

  /** Gives all memory back. */
  forgetAll(): void {
    while (this.#payloads.count > 0) this.#remove(this.#payloads.placeOf(0));
    this.sender.wheel.end(this);
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
      if (place < 0 || ((this.sender.nowMs - this.#payloads.sentMsAt(place)) | 0) > this.#plan.keptMs) continue;
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
    const { repeats } = this.#plan;
    const done = this.#payloads.doneAt(place);
    return done < repeats.length && ((nowMs - this.#payloads.sentMsAt(place)) | 0) >= repeats[done].ageMs;
  }

  /** When a payload's next repeat goes alone, if it has one. */
  #aloneMs(place: number): Milliseconds {
    const payloads = this.#payloads;
    const sentMs = payloads.sentMsAt(place);
    const target = this.#plan.repeats[payloads.doneAt(place)];
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
    const owner = payloads.flowAt(place);
    // Its bytes may still be on their way to the kernel: the next millisecond will do.
    if (owner === null || payloads.batchAt(place) === returns.batch) return;
    const { flow } = owner;
    const block = payloads.blockAt(place);
    const length = payloads.lengthAt(place);
    const { sequence, tagBytes } = flow.sending;
    const distance = sequenceDelta(sequence, payloads.sequenceAt(place));
    this.#noteRepeat(place, sender.nowMs);
    const start = block - BLOCK_HEAD_BYTES - BLOCKS_HEADER_BYTES;
    if (distance > MAX_BLOCK_DISTANCE || !this.#spend(OUTER_BYTES + tagBytes + block - start + length)) return;
    writeBlockHead(wrapper.bytes, block - BLOCK_HEAD_BYTES, BlockType.repeat, distance, length);
    const end = this.appendDue(owner, sequence, start, block + length, sender.nowMs, 1);
    wrapper.writeHeader(flow, start, VERSION_FEC, sender.nowUs);
    writeBlocksExtension(wrapper.bytes, start, BLOCKS_ALONE, 0, this.appended);
    const wireBytes = OUTER_BYTES + tagBytes + end - start;
    if (wrapper.sink.sendPacket(flow, start, end - start, true)) this.#gate.sent(sender.nowMs, sequence, 0, wireBytes, wireBytes);
    payloads.noteBatch(place, returns.batch);
    sender.packetsAlone++;
  }

  /** All repeats whose age the payload has by now are one. */
  #noteRepeat(place: number, nowMs: Milliseconds): void {
    const { repeats } = this.#plan;
    const payloads = this.#payloads;
    const ageMs = (nowMs - payloads.sentMsAt(place)) | 0;
    let done = payloads.doneAt(place);
    while (done < repeats.length && repeats[done].ageMs <= ageMs) done++;
    payloads.noteRepeats(place, done);
  }

  #spend(bytes: ByteLength): boolean {
    const { nowMs } = this.sender;
    if (this.#budget.take(bytes, nowMs) && this.#gate.admitRedundancy(bytes, nowMs)) return true;
    this.sender.overBudget++;
    return false;
  }

  #removeFinished(nowMs: Milliseconds): void {
    const payloads = this.#payloads;
    const { repeats } = this.#plan;
    for (let nth = payloads.count - 1; nth >= 0; nth--) {
      const place = payloads.placeOf(nth);
      if (payloads.flowAt(place) === null || payloads.doneAt(place) < repeats.length) continue;
      if (((nowMs - payloads.sentMsAt(place)) | 0) >= this.#keptMs(place)) this.#remove(place);
    }
  }

  /** How long a payload is kept that is not repeated any more. */
  #keptMs(place: number): Milliseconds {
    const { keptMs, xorPackets } = this.#plan;
    return xorPackets > 0 && this.#payloads.doneAt(place) === 0 ? Math.max(keptMs, XOR_WAIT_MS) : keptMs;
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
      const isDone = payloads.doneAt(place) >= this.#plan.repeats.length;
      const dueMs = isDone ? payloads.sentMsAt(place) + this.#keptMs(place) : this.#aloneMs(place);
      const inMs = Math.max(0, (dueMs - nowMs) | 0);
      if (next < 0 || inMs < next) next = inMs;
    }
    if (next < 0) wheel.end(this);
    else wheel.set(this, (nowMs + next) | 0, nowMs);
  }
}
