import { ProtectionLoop } from '../../../src/protection/loop/protection-loop.ts';
import type { LoopEvent, LoopOptions } from '../../../src/protection/loop/protection-loop.ts';
import { AUTO } from './settings.ts';

/** What happens to a packet: by its sequence number, and by whether it goes out with protection. */
export interface Fate {
  readonly isLost?: (nth: number) => boolean;
  readonly delayMs?: number;
  readonly payloadBytes?: number;
  readonly hz?: number;
  readonly reports?: boolean;
}

const REPORT_MS = 100;
const HEADERS_BYTES = 48;

/** A loop whose packets arrive at once, and are reported every 100 ms. */
export class LoopScene {
  readonly events: LoopEvent[] = [];
  readonly loop: ProtectionLoop;
  nowMs = 0x7fff_f000;
  sequence = 0xfff0;
  received = 0xff00;
  runs = 0xfffe;
  epoch = 3;
  #wasLost = false;

  constructor(options: Partial<LoopOptions> = {}) {
    this.loop = new ProtectionLoop({ ...AUTO, ...options }, { stepChanged: (event) => this.events.push(event) });
  }

  get step(): string {
    return this.loop.step.name;
  }

  get reasons(): string[] {
    return this.events.map(({ reason }) => reason);
  }

  /** The game goes on for so long, or until something holds. */
  play(
    ms: number,
    { isLost = () => false, delayMs = 0, payloadBytes = 90, hz = 60, reports = true }: Fate = {},
    until: () => boolean = () => false,
  ): void {
    const endMs = this.nowMs + ms;
    let reportMs = this.nowMs;
    for (let nth = 0; this.nowMs < endMs && !until(); nth++) {
      this.sequence = (this.sequence + 1) & 0xffff;
      this.loop.sent(this.nowMs | 0, this.sequence, payloadBytes, payloadBytes + HEADERS_BYTES, 0);
      const lost = isLost(nth);
      if (!lost) this.received = (this.received + 1) & 0xffff;
      else if (!this.#wasLost) this.runs = (this.runs + 1) & 0xffff;
      this.#wasLost = lost;
      if (reports && this.nowMs - reportMs >= REPORT_MS) {
        reportMs = this.nowMs;
        this.report({ delayMs });
      }
      this.nowMs += 1000 / hz;
    }
  }

  /** A report comes, of what is so, or says something else. */
  report({ highest = this.sequence, received = this.received, runs = this.runs, delayMs = 0, epoch = this.epoch } = {}): boolean {
    return this.loop.report(this.nowMs | 0, highest & 0xffff, received & 0xffff, runs & 0xffff, delayMs, epoch);
  }
}

/** Every so-many-th packet is lost, in runs of a length. */
export function everyNth(every: number, run = 1): (nth: number) => boolean {
  return (nth) => nth % (every * run) >= (every - 1) * run;
}
