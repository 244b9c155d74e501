import type { ProtectionStep } from '../../../src/protection/loop/protection-step.ts';

/** A packet as it goes over the line: which payloads are in it, its own first (-1 for none). */
export interface SentPacket {
  readonly sequence: number;
  readonly sentMs: number;
  readonly own: number;
  readonly repeated: readonly number[];
  readonly wireBytes: number;
  readonly redundantBytes: number;
  arrivalMs: number;
}

interface Payload {
  readonly id: number;
  readonly bytes: number;
  readonly sentMs: number;
  done: number;
}

const OUTER_BYTES = 28;
const HEADER_BYTES = 20;
const EXTENSION_BYTES = 6;
const BLOCK_HEAD_BYTES = 4;
const MAX_CARRIER_BYTES = 1200;
const MAX_BLOCKS = 8;
const MAX_REMEMBERED = 64;
const LONGEST_KEPT_MS = 200;

/** How a sender follows steps: repeats ride on the next packet of their age, or go alone. A small model of it, without bytes. */
export class RepeatingSender {
  step: ProtectionStep;
  sequence = 0;
  readonly #intervalMs: number;
  #payloads: Payload[] = [];
  #lastMs = 0;

  constructor(step: ProtectionStep, intervalMs: number) {
    this.step = step;
    this.#intervalMs = intervalMs;
  }

  /** A payload goes out, with what may ride on it. */
  send(nowMs: number, id: number, bytes: number): SentPacket {
    this.#lastMs = nowMs;
    this.#forget(nowMs);
    const own = OUTER_BYTES + HEADER_BYTES + bytes;
    const { ids, length } = this.#takeDue(nowMs, HEADER_BYTES + EXTENSION_BYTES + bytes);
    const redundantBytes = ids.length === 0 ? 0 : EXTENSION_BYTES + length;
    if (this.step.repeats.length > 0) this.#payloads.push({ id, bytes, sentMs: nowMs, done: 0 });
    if (this.#payloads.length > MAX_REMEMBERED) this.#payloads.shift();
    return this.#packet(nowMs, id, ids, own + redundantBytes, redundantBytes);
  }

  /** When something goes alone, if no packet leaves before. */
  get nextAloneMs(): number {
    let next = Infinity;
    for (const payload of this.#payloads) next = Math.min(next, this.#aloneMs(payload));
    return next;
  }

  /** Sends what has waited long enough. */
  sendAlone(nowMs: number): SentPacket | undefined {
    const { ids, length } = this.#takeDue(nowMs, HEADER_BYTES + EXTENSION_BYTES);
    if (ids.length === 0) return undefined;
    const wireBytes = OUTER_BYTES + HEADER_BYTES + EXTENSION_BYTES + length;
    return this.#packet(nowMs, -1, ids, wireBytes, wireBytes);
  }

  #packet(sentMs: number, own: number, repeated: readonly number[], wireBytes: number, redundantBytes: number): SentPacket {
    const sequence = this.sequence;
    this.sequence = (sequence + 1) & 0xffff;
    return { sequence, sentMs, own, repeated, wireBytes, redundantBytes, arrivalMs: -1 };
  }

  #takeDue(nowMs: number, headBytes: number): { readonly ids: number[]; readonly length: number } {
    const ids: number[] = [];
    let length = 0;
    for (const payload of this.#payloads) {
      const { repeats } = this.step;
      if (payload.done >= repeats.length || payload.sentMs + repeats[payload.done].ageMs > nowMs + 1e-6) continue;
      const block = BLOCK_HEAD_BYTES + payload.bytes;
      if (ids.length === MAX_BLOCKS || (ids.length > 0 && headBytes + length + block > MAX_CARRIER_BYTES)) continue;
      while (payload.done < repeats.length && payload.sentMs + repeats[payload.done].ageMs <= nowMs + 1e-6) payload.done++;
      ids.push(payload.id);
      length += block;
    }
    return { ids, length };
  }

  #aloneMs({ done, sentMs }: Payload): number {
    if (done >= this.step.repeats.length) return Infinity;
    const { ageMs, slackMs } = this.step.repeats[done];
    const dueMs = sentMs + ageMs;
    const carrierMs = this.#lastMs + Math.max(1, Math.ceil((dueMs - this.#lastMs) / this.#intervalMs)) * this.#intervalMs;
    return carrierMs <= dueMs + slackMs ? dueMs + slackMs : dueMs;
  }

  #forget(nowMs: number): void {
    const { repeats } = this.step;
    this.#payloads = this.#payloads.filter(({ done, sentMs }) => done < repeats.length && nowMs - sentMs < LONGEST_KEPT_MS);
  }
}
