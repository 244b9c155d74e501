import { POLLOUT } from './constants.ts';
import type { Libc } from './libc.ts';
import { NativeBlock } from './libc.ts';

/** How long to wait for a socket whose send buffer is full, and how often within one flush. */
const WAIT_FOR_ROOM_MS = 1;
const MAX_WAITS = 16;

/** Waits for room in full send buffers, within bounds: they must not stop the whole engine. */
export class RoomWait {
  private readonly libc: Libc;
  private readonly pollEntry: NativeBlock;
  private waitsLeft = MAX_WAITS;

  constructor(libc: Libc) {
    this.libc = libc;
    this.pollEntry = new NativeBlock(8);
  }

  /** A flush begins. */
  reset(): void {
    this.waitsLeft = MAX_WAITS;
  }

  /** Whether there is room now. A flush that has waited in vain once does not wait again. */
  waitFor(fd: number): boolean {
    if (this.waitsLeft === 0) return false;
    this.pollEntry.words[0] = fd;
    this.pollEntry.words[1] = POLLOUT;
    const room = this.libc.poll(this.pollEntry.address, 1, WAIT_FOR_ROOM_MS) > 0;
    this.waitsLeft = room ? this.waitsLeft - 1 : 0;
    return room;
  }
}
