import type { ByteLength, Milliseconds } from '@lightspeed/wire';

/** Payloads that are so close together belong to one moment of the game. */
const SAME_MOMENT_MS = 1;
/** A longer pause is none of the game's intervals. */
const LONGEST_INTERVAL_MS = 500;
/** New figures count for so much beside the old ones, if they are of a second. */
const SHARE_PER_MS = 1 / 2000;
/** Figures of less time than this say too little. */
const MIN_FOLDED_MS = 50;
/** Averages above these are those of a download. */
const DOWNLOAD_PACKETS_PER_MS = 0.1;
const DOWNLOAD_PAYLOAD_BYTES = 1000;

/** What a session sends in one direction: how often, how much. A packet only counts; averages are made when they are asked for. */
export class SendingRate {
  /** Average time between two moments at which the game sends; 0 while that is not known. */
  intervalMs = 0;
  /** Average time between two packets with numbers of their own, those included that carry only redundancy. */
  packetMs = 0;
  /** Average length of payloads. */
  payloadBytes = 0;
  /** Average bytes of IP packets per payload that it would be without redundancy. */
  ownBytes = 0;
  /** Payloads per millisecond. */
  payloadsPerMs = 0;
  /** Milliseconds of sending since {@link restartSilence}, pauses left out. */
  sendingMs = 0;
  /** All packets so far, up to the highest count that matters. */
  packets = 0;
  #lastMs: Milliseconds = 0;
  #momentMs: Milliseconds = 0;
  #activeMs = 0;
  #counted = 0;
  #moments = 0;
  #payloads = 0;
  #payloadSum = 0;
  #ownSum = 0;

  /** Takes note of a packet, see `ProtectionLoop.sent`. */
  note(nowMs: Milliseconds, payloadBytes: ByteLength, wireBytes: ByteLength, redundantBytes: ByteLength): void {
    const gapMs = this.packets === 0 ? 0 : Math.min(LONGEST_INTERVAL_MS, Math.max(0, (nowMs - this.#lastMs) | 0));
    if (this.packets < 0x10000) this.packets++;
    this.#lastMs = nowMs;
    this.#activeMs += gapMs;
    this.sendingMs += gapMs;
    this.#counted++;
    if (payloadBytes === 0) return;
    this.#payloads++;
    this.#payloadSum += payloadBytes;
    this.#ownSum += wireBytes - redundantBytes;
    if ((nowMs - this.#momentMs) >>> 0 > SAME_MOMENT_MS) {
      this.#moments++;
      this.#momentMs = nowMs;
    }
  }

  /** Begins anew to count milliseconds of sending. */
  restartSilence(): void {
    this.sendingMs = 0;
  }

  /** Brings the averages up to date. */
  fold(): void {
    const active = this.#activeMs;
    if (active < MIN_FOLDED_MS || this.#moments === 0) return;
    const share = this.payloadsPerMs === 0 ? 1 : Math.min(1, active * SHARE_PER_MS);
    this.intervalMs += (active / this.#moments - this.intervalMs) * share;
    this.packetMs += (active / this.#counted - this.packetMs) * share;
    this.payloadsPerMs += (this.#payloads / active - this.payloadsPerMs) * share;
    this.payloadBytes += (this.#payloadSum / this.#payloads - this.payloadBytes) * share;
    this.ownBytes += (this.#ownSum / this.#payloads - this.ownBytes) * share;
    this.#activeMs = this.#counted = this.#moments = this.#payloads = this.#payloadSum = this.#ownSum = 0;
  }

  /** Whether this is rather a download than a game: protection would double a load that needs none. */
  get isDownload(): boolean {
    return this.payloadsPerMs > DOWNLOAD_PACKETS_PER_MS && this.payloadBytes > DOWNLOAD_PAYLOAD_BYTES;
  }
}
