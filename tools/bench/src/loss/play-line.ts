import { Random } from '@lightspeed/netem';
import { CarriedLine } from './carried-line.ts';
import type { LineProtection, Lines, Way } from './carried-line.ts';

/** Bytes of IP, UDP and version 1 in front of a payload: what `off` sends. */
const PLAIN_BYTES = 48;
/** The session opens, and the loop sees a line, before anything counts. */
const WARM_UP_MS = 5_000;
/** What is under way at the end arrives by then. */
const COOL_DOWN_MS = 1_000;

/** What is played, and over which line. */
export interface LinePlan {
  readonly lines: Lines;
  /** Datagrams a second, each way. */
  readonly hz: number;
  readonly seconds: number;
  readonly seed: number;
  /** What comes so much later than undisturbed is missing. */
  readonly deadlineMs: number;
}

/** What became of one direction's payloads. All are shares of what was sent. */
export interface WayFigures {
  /** Not there by the deadline: late, or lost. */
  readonly missing: number;
  readonly late: number;
  readonly lost: number;
  /** In time, but behind a later one. */
  readonly outOfOrder: number;
  /** Lost, or behind a later one, whenever it came. */
  readonly lostOrBehind: number;
  /** IP bytes beside those of `off`. */
  readonly addedBytes: number;
  /** Packets beside those of `off`. */
  readonly addedPackets: number;
  /** Median delay of what arrived, beside that of the line alone, in milliseconds. */
  readonly addedDelayMs: number;
  /** Payloads sent into an outage that lasted longer than the deadline from then on: nothing could bring them in time. */
  readonly floor: number;
}

/** Plays a game over a line, and says what became of each direction. */
export function playLine(
  { lines, hz, seconds, seed, deadlineMs }: LinePlan,
  protection: LineProtection,
): Readonly<Record<Way, WayFigures>> {
  const random = new Random(seed);
  const sizes = new Random(seed + 1);
  const directions = { up: new Direction(), down: new Direction() };
  const carried = new CarriedLine(lines, random, protection, (way, payload) => directions[way].arrived(payload, carried.nowMs));
  const send = (counts: boolean) => {
    const up = directions.up.next(
      60 + sizes.nextInt(61),
      carried.nowMs,
      counts && carried.up.outageLeftMs(carried.nowMs) > deadlineMs,
      counts,
    );
    carried.sendUp(up);
    const down = directions.down.next(
      100 + sizes.nextInt(301),
      carried.nowMs,
      counts && carried.down.outageLeftMs(carried.nowMs) > deadlineMs,
      counts,
    );
    carried.sendDown(down);
  };
  const startMs = carried.nowMs + 1_000;
  const countMs = startMs + WARM_UP_MS;
  const endMs = countMs + seconds * 1_000;
  let before = { up: { bytes: 0, packets: 0 }, down: { bytes: 0, packets: 0 } };
  for (let number = 0; ; number++) {
    const atMs = Math.round(startMs + (number * 1_000) / hz);
    if (atMs >= endMs) break;
    const wasWarm = carried.nowMs < countMs;
    carried.runUntil(atMs);
    if (wasWarm && carried.nowMs >= countMs) before = { up: { ...carried.wire.up }, down: { ...carried.wire.down } };
    send(carried.nowMs >= countMs);
  }
  carried.runUntil(endMs + COOL_DOWN_MS);
  const figures = (way: Way) =>
    directions[way].figures((lines[way].delayMs ?? 0) + (lines[way].jitterMs ?? 0), deadlineMs, {
      bytes: carried.wire[way].bytes - before[way].bytes,
      packets: carried.wire[way].packets - before[way].packets,
    });
  return { up: figures('up'), down: figures('down') };
}

/** Payloads of one direction, by number. */
export class Direction {
  readonly #sentMs: number[] = [];
  readonly #arrivedMs: number[] = [];
  /** Numbers of those that came behind a later one. */
  readonly #behind = new Set<number>();
  #first = 0;
  #plainBytes = 0;
  #doomed = 0;
  #newest = -1;

  next(length: number, nowMs: number, isDoomed: boolean, counts: boolean): Uint8Array {
    const payload = new Uint8Array(length);
    const number = this.#sentMs.length;
    new DataView(payload.buffer).setUint32(0, number);
    if (!counts) this.#first = number + 1;
    else this.#plainBytes += PLAIN_BYTES + length;
    if (isDoomed) this.#doomed++;
    this.#sentMs.push(nowMs);
    this.#arrivedMs.push(Infinity);
    return payload;
  }

  arrived(payload: Uint8Array, nowMs: number): void {
    const number = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
    if (this.#arrivedMs[number] !== Infinity) throw new Error(`payload ${number} arrived twice`);
    this.#arrivedMs[number] = nowMs;
    if (number < this.#newest) this.#behind.add(number);
    this.#newest = Math.max(this.#newest, number);
  }

  figures(undisturbedMs: number, deadlineMs: number, wire: { readonly bytes: number; readonly packets: number }): WayFigures {
    const delays = this.#sentMs.slice(this.#first).map((sentMs, nth) => this.#arrivedMs[this.#first + nth] - sentMs);
    const lastMs = undisturbedMs + deadlineMs;
    const share = (count: number) => count / delays.length;
    const isBehind = (nth: number) => this.#behind.has(this.#first + nth);
    const lost = delays.filter((ms) => ms === Infinity).length;
    const came = delays.filter((ms) => ms < Infinity).sort((a, b) => a - b);
    return {
      missing: share(delays.filter((ms) => ms > lastMs).length),
      late: share(came.filter((ms) => ms > lastMs).length),
      lost: share(lost),
      outOfOrder: share(delays.filter((ms, nth) => ms <= lastMs && isBehind(nth)).length),
      lostOrBehind: share(lost + delays.filter((_, nth) => isBehind(nth)).length),
      addedBytes: wire.bytes / this.#plainBytes - 1,
      addedPackets: wire.packets / delays.length - 1,
      addedDelayMs: (came[came.length >> 1] ?? NaN) - undisturbedMs,
      floor: this.#doomed / delays.length,
    };
  }
}
