import type { DatagramEngine } from '@lightspeed/udp';

/** Bytes of the engine's reserve for packets that are built rather than received, used in turn. */
export class SendBuffer {
  readonly #engine: DatagramEngine;
  readonly #start: number;
  readonly #lengthBytes: number;
  #used = 0;

  constructor(engine: DatagramEngine, start: number, lengthBytes: number) {
    this.#engine = engine;
    this.#start = start;
    this.#lengthBytes = lengthBytes;
  }

  /** @returns the offset of bytes that are free until everything queued is sent; sends what is queued if none are left. */
  take(lengthBytes: number): number {
    if (this.#used + lengthBytes > this.#lengthBytes) {
      this.#engine.flush();
      this.#used = 0;
    }
    const place = this.#start + this.#used;
    this.#used += lengthBytes;
    return place;
  }

  /** All that was taken is with the kernel. */
  sent(): void {
    this.#used = 0;
  }
}
