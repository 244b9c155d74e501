import { FecMemory } from '@lightspeed/fec';
import { checkBlocks, checkPacket, hasBlocks, readSequence, readTimestampUs, HEADER_BYTES, DropReason } from '@lightspeed/wire';
import { DuplicateWindow, WINDOW_MOVED } from '../../src/base/duplicate-window.ts';
import { BlockReturns } from '../../src/protection/block-returns.ts';
import { PacketWrapper } from '../../src/protection/packet-wrapper.ts';
import { BlocksReceiver } from '../../src/protection/repeats/blocks-receiver.ts';
import { RedundancyBudget } from '../../src/protection/repeats/redundancy-budget.ts';
import type { FlowProtection } from '../../src/protection/protection.ts';
import type { RepeatPlan } from '../../src/protection/repeats/repeat-plan.ts';
import type { RepeatingSession } from '../../src/protection/repeats/repeating-session.ts';
import { RepeatsSender } from '../../src/protection/repeats/repeats-sender.ts';
import { SendFlow, SendState } from '../../src/protection/send-flow.ts';
import { sequentialRandom } from './random.ts';

const BLOCKS = 200;
const SLOT = 128;
/** Where a packet is that is received, behind the sender's blocks. */
const RECEIVED_BYTES = 2_048;
const OUTER_BYTES = 28;

/** A payload as it came out. */
export interface Delivery {
  readonly number: number;
  readonly atMs: number;
}

/** What may happen to a packet on its way: when it arrives, once for each copy; none is a loss. */
export type Way = (nowMs: number, random: () => number) => readonly number[];

export interface RepeatsWorldOptions {
  readonly plan: RepeatPlan;
  readonly way: Way;
  readonly budgetPercent?: number;
  readonly budgetKbps?: number;
  readonly seed?: number;
  readonly tagBytes?: number;
}

/** One flow of a sender, a way that loses and delays, and a receiver, on a virtual clock in milliseconds. */
export class RepeatsWorld {
  readonly memory: FecMemory;
  readonly sender: RepeatsSender;
  readonly delivered: Delivery[] = [];
  readonly refused: DropReason[] = [];
  /** When each payload went out, by its number. */
  readonly sentMs: number[] = [];
  readonly sentBytes: number[] = [];
  packets = 0;
  wireBytes = 0;
  nowMs = 0;
  repaired = 0;
  readonly session: RepeatingSession;
  readonly flow: FlowProtection;
  readonly #returns: BlockReturns;
  readonly #bytes: Uint8Array;
  readonly #receiver: BlocksReceiver;
  readonly #window = new DuplicateWindow();
  readonly #way: Way;
  readonly #random: () => number;
  readonly #received: number;
  readonly #arrivals = new Map<number, Uint8Array[]>();
  #number = 0;

  constructor({ plan, way, budgetPercent = 1_000, budgetKbps = 100_000, seed = 1 }: RepeatsWorldOptions) {
    const blockBytes = BLOCKS * (SLOT + 1_456);
    this.#bytes = new Uint8Array(blockBytes + 3 * RECEIVED_BYTES + 10_000);
    this.memory = new FecMemory(this.#bytes, 0, blockBytes);
    this.#received = blockBytes + RECEIVED_BYTES;
    this.#returns = new BlockReturns(this.memory);
    this.#way = way;
    const random = sequentialRandom(seed);
    this.#random = () => random() / 2 ** 32;
    const sink = { sendPacket: (_flow: SendFlow, offset: number, length: number) => this.#send(offset, length) };
    this.sender = new RepeatsSender(this.memory, this.#returns, new PacketWrapper(this.#bytes, sink));
    this.session = this.sender.session(new RedundancyBudget(budgetPercent, budgetKbps, 0));
    this.session.plan = plan;
    this.flow = this.sender.protect(this.session, new SendFlow(new SendState('standard', 7), 1, 2, 3, 4));
    this.#receiver = new BlocksReceiver(
      { memory: this.memory, returns: this.#returns },
      { reported: () => undefined, requested: () => undefined, admitRepeat: () => true },
    );
  }

  /** Sends a payload of so many bytes at once: its number, and what follows from that. */
  send(bytes: number): void {
    const offset = this.#received + RECEIVED_BYTES;
    const number = this.#number++;
    const view = new DataView(this.#bytes.buffer, offset, bytes);
    view.setUint32(0, number);
    for (let at = 4; at < bytes; at++) view.setUint8(at, (number * 31 + at) & 0xff);
    this.sentMs[number] = this.nowMs;
    this.sentBytes[number] = bytes;
    this.sender.setTime(this.nowMs, this.nowMs * 1_000);
    this.flow.send(offset, bytes, this.nowMs, this.nowMs * 1_000);
    this.#returns.sent();
  }

  /** Lets the clock go on, a millisecond at a time. */
  run(ms: number): void {
    for (let end = this.nowMs + ms; this.nowMs < end;) {
      this.nowMs++;
      this.sender.advance(this.nowMs, this.nowMs * 1_000);
      this.#returns.sent();
      const arrivals = this.#arrivals.get(this.nowMs);
      if (arrivals === undefined) continue;
      this.#arrivals.delete(this.nowMs);
      for (const packet of arrivals) this.#receive(packet);
    }
  }

  #send(offset: number, length: number): boolean {
    this.packets++;
    this.wireBytes += OUTER_BYTES + length;
    const packet = this.#bytes.slice(offset, offset + length);
    for (const delayMs of this.#way(this.nowMs, this.#random)) {
      const at = this.nowMs + Math.max(1, Math.round(delayMs));
      this.#arrivals.set(at, [...(this.#arrivals.get(at) ?? []), packet]);
    }
    return true;
  }

  #receive(packet: Uint8Array): void {
    const offset = this.#received;
    this.#bytes.set(packet, offset);
    const checked = checkPacket(this.#bytes, offset, packet.length, 'standard');
    const isCarrier = checked === DropReason.badFecFlags && hasBlocks(this.#bytes, offset, packet.length);
    const invalid = isCarrier ? checkBlocks(this.#bytes, offset, packet.length) : checked;
    const refusal = invalid === 0 ? this.#accept(offset) : invalid;
    if (refusal !== 0) {
      this.refused.push(refusal);
      return;
    }
    const sink = { deliverPayload: (_flow: number, at: number, length: number) => this.#deliver(at, length) };
    if (isCarrier) this.#receiver.take(sink, this.#window, 0, offset, this.nowMs);
    else sink.deliverPayload(0, offset + HEADER_BYTES, packet.length - HEADER_BYTES);
    this.repaired = this.#receiver.repaired;
  }

  #accept(offset: number): DropReason | 0 {
    const sequence = readSequence(this.#bytes, offset);
    const verdict = this.#window.accept(sequence, readTimestampUs(this.#bytes, offset), this.nowMs, false);
    return verdict === WINDOW_MOVED ? 0 : verdict;
  }

  #deliver(at: number, length: number): void {
    const view = new DataView(this.#bytes.buffer, at, length);
    const number = view.getUint32(0);
    if (length !== this.sentBytes[number]) throw new Error(`payload ${number} came with ${length} bytes`);
    for (let i = 4; i < length; i++)
      if (view.getUint8(i) !== ((number * 31 + i) & 0xff)) throw new Error(`payload ${number} is another one`);
    this.delivered.push({ number, atMs: this.nowMs });
  }
}

/** How many of the payloads were missing: not there so many milliseconds behind the undisturbed delay; and lost, or behind a later one. */
export function faultsOf({ delivered, sentMs }: RepeatsWorld, delayMs: number, deadlineMs: number) {
  const first = new Map<number, number>();
  let newest = -1;
  let twice = 0;
  const inOrder = new Set<number>();
  for (const { number, atMs } of delivered) {
    if (first.has(number)) twice++;
    else first.set(number, atMs);
    if (number > newest) inOrder.add(number);
    newest = Math.max(newest, number);
  }
  const missing = sentMs.filter((ms, number) => (first.get(number) ?? Infinity) > ms + delayMs + deadlineMs).length;
  return { missing: missing / sentMs.length, outOfOrder: 1 - inOrder.size / sentMs.length, lost: 1 - first.size / sentMs.length, twice };
}
