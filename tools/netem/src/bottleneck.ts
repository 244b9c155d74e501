import type { ParsedImpairments } from './options.ts';
import type { Random } from './random.ts';

/** Sums of transmission times are not exact, the less so the later it is; a queue must still be full to the byte. */
const ROUNDING_BYTES = 0.5;
/** How long the packets of others are that share a link. */
const CROSS_PACKET_BYTES = 1_200;

/** Packets of others that came so long ago have left the queue. */
const REMEMBERED_MS = 10_000;

/** What a link's rate lets through: a queue in front of it, which others may fill too, or a policer without a queue. */
export class Bottleneck {
  readonly #random: Random;
  #freeMs = -Infinity;
  #crossMs = -Infinity;
  #tokens = Infinity;
  #tokensMs = -Infinity;
  /** The longest time that a packet has waited. */
  longestQueueMs = 0;

  /** @param random says when packets of others come. */
  constructor(random: Random) {
    this.#random = random;
  }

  /** @returns when the packet has left the link, -1 if it found the queue full. */
  departureMs(sizeBytes: number, nowMs: number, parsed: ParsedImpairments): number {
    const { crossBps, rateBps } = parsed;
    if (rateBps === Infinity) return nowMs;
    if (crossBps > 0) this.#letOthers(nowMs, parsed);
    const startMs = this.#enter(sizeBytes, nowMs, parsed);
    if (startMs < 0) return -1;
    this.longestQueueMs = Math.max(this.longestQueueMs, startMs - nowMs);
    return this.#freeMs;
  }

  /** A token bucket. @returns whether it lets a packet pass. */
  passesPolicer(sizeBytes: number, nowMs: number, parsed: ParsedImpairments): boolean {
    const { 'policer.rateBps': rateBps, 'policer.burstBytes': burstBytes } = parsed;
    if (rateBps === Infinity) return true;
    const earned = ((nowMs - this.#tokensMs) * rateBps) / 1_000;
    this.#tokens = Math.min(burstBytes, this.#tokensMs === -Infinity ? burstBytes : this.#tokens + earned);
    this.#tokensMs = nowMs;
    if (sizeBytes > this.#tokens + ROUNDING_BYTES) return false;
    this.#tokens -= sizeBytes;
    return true;
  }

  /** @returns when transmission of a packet begins, -1 if there is no room for it. */
  #enter(sizeBytes: number, nowMs: number, { queueBytes, queueMs, rateBps }: ParsedImpairments): number {
    const startMs = Math.max(nowMs, this.#freeMs);
    const backlogBytes = ((startMs - nowMs) * rateBps) / 1_000;
    const roomBytes = queueMs === Infinity ? queueBytes : (queueMs * rateBps) / 1_000;
    // An idle link takes any packet, else one bigger than the queue could never pass.
    if (startMs > nowMs && backlogBytes + sizeBytes > roomBytes + ROUNDING_BYTES) return -1;
    this.#freeMs = startMs + (sizeBytes * 1_000) / rateBps;
    return startMs;
  }

  /** Packets of others have come since, at random times. */
  #letOthers(nowMs: number, parsed: ParsedImpairments): void {
    const gapMs = (CROSS_PACKET_BYTES * 1_000) / parsed.crossBps;
    // What came before is gone by now.
    if (nowMs - this.#crossMs > REMEMBERED_MS) this.#crossMs = nowMs - REMEMBERED_MS;
    while (this.#crossMs <= nowMs) {
      this.#enter(CROSS_PACKET_BYTES, this.#crossMs, parsed);
      this.#crossMs -= Math.log(1 - this.#random.next()) * gapMs;
    }
  }
}
