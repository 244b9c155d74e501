import type { Microseconds, Milliseconds } from '@lightspeed/wire';

/** The time as a state machine sees it: wrapping int32 clocks, moved on by the driver once per batch. */
export class Clock {
  nowMs = 0;
  nowUs = 0;

  set(nowMs: Milliseconds, nowUs: Microseconds): void {
    this.nowMs = nowMs | 0;
    this.nowUs = nowUs | 0;
  }
}
