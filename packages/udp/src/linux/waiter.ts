import type { Microseconds } from '@lightspeed/wire';
import type { UdpCounters } from '../counters.ts';
import { UDP_COUNTER } from '../counters.ts';
import type { NativeClock } from './native-clock.ts';
import type { Poller } from './poller.ts';

/** Waits for events: asleep until the next tick, and before that, if asked to, awake for a while. */
export class Waiter {
  private readonly poller: Poller;
  private readonly clock: NativeClock;
  private readonly counts: Float64Array;
  private readonly busyPollUs: Microseconds;
  /** Whether the alarm is set, and to when, by the engine's clock. */
  private isAlarmSet = false;
  private alarmDueUs = 0;

  constructor(poller: Poller, clock: NativeClock, counters: UdpCounters, busyPollUs: Microseconds) {
    this.poller = poller;
    this.clock = clock;
    this.counts = counters.values;
    this.busyPollUs = busyPollUs;
  }

  /** @returns the number of events, 0 if the tick is due, -1 with errno */
  wait(tickDueUs: Microseconds): number {
    if (this.busyPollUs > 0) {
      const ready = this.spin(tickDueUs);
      if (ready !== 0) return ready;
    }
    this.counts[UDP_COUNTER.wait_calls]++;
    // The clock was read after the last wait. What was done since makes the tick that much later.
    const remainingUs = (tickDueUs - this.clock.us) | 0;
    if (remainingUs <= 0) return this.poller.look();
    this.setAlarm(tickDueUs, remainingUs);
    return this.poller.wait();
  }

  /** To be called when the alarm's event has come. */
  alarmWentOff(): void {
    this.isAlarmSet = false;
  }

  /**
   * Ticks come when packets do, mostly, and are put off by that. The alarm stays where it is, and is set again when it
   * has gone off.
   */
  private setAlarm(tickDueUs: Microseconds, remainingUs: Microseconds): void {
    if (this.isAlarmSet && ((this.alarmDueUs - tickDueUs) | 0) <= 0) return;
    this.poller.setAlarm(remainingUs);
    this.isAlarmSet = true;
    this.alarmDueUs = tickDueUs;
  }

  private spin(tickDueUs: Microseconds): number {
    this.clock.read();
    const beganUs = this.clock.us;
    for (;;) {
      this.counts[UDP_COUNTER.wait_calls]++;
      const ready = this.poller.look();
      if (ready !== 0) return ready;
      this.clock.read();
      const nowUs = this.clock.us;
      if (((nowUs - beganUs) | 0) >= this.busyPollUs || ((nowUs - tickDueUs) | 0) >= 0) return 0;
    }
  }
}
