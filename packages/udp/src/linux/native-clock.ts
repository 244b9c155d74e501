import { CLOCK_MONOTONIC } from './constants.ts';
import type { Libc } from './libc.ts';
import { NativeBlock } from './libc.ts';

/**
 * The monotonic clock as whole numbers that V8 keeps unboxed. `performance.now` takes as long (50 ns) and leaves some
 * 40 bytes of garbage each time, which is most of what a round would allocate.
 */
export class NativeClock {
  /** Int32 bit patterns of the last reading: microseconds and milliseconds, both wrapping. */
  us = 0;
  ms = 0;
  private readonly libc: Libc;
  private readonly time: NativeBlock;

  constructor(libc: Libc) {
    this.libc = libc;
    // struct timespec: seconds and nanoseconds, 64 bits each; the lower halves suffice for both.
    this.time = new NativeBlock(16);
  }

  read(): void {
    this.libc.clockGettime(CLOCK_MONOTONIC, this.time.address);
    const seconds = this.time.words[0];
    const nanoseconds = this.time.words[2];
    this.us = (Math.imul(seconds, 1_000_000) + ((nanoseconds / 1_000) | 0)) | 0;
    this.ms = (Math.imul(seconds, 1_000) + ((nanoseconds / 1_000_000) | 0)) | 0;
  }

  /** A reading that does not wrap. */
  readUs(): number {
    this.read();
    return (this.time.words[0] >>> 0) * 1_000_000 + ((this.time.words[2] / 1_000) | 0);
  }
}
