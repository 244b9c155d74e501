import { createHistogram } from 'node:perf_hooks';
import type { RecordableHistogram } from 'node:perf_hooks';
import type { DatagramEngine, DatagramHandler, DatagramSocket } from '@lightspeed/udp';
import type { Endpoint } from '@lightspeed/wire';
import { LONGEST_PAYLOAD_BYTES, PAYLOAD_BYTES, isWhole, lengthOf, readNumber, writeContent, writeNumbers } from '../payload.ts';
import { WRONG } from './framing.ts';
import type { Framing } from './framing.ts';
import type { Schedule } from './schedule.ts';

/** The tag of the game server's socket; clients' sockets have their numbers. */
export const GAME_SERVER = -1;

/** A game has no use for an answer that comes later than this: it counts as lost. */
const LATEST_US = 100_000;
/** A relay that fell behind is given so long at most to get rid of what it has queued. */
const MAX_DRAIN_US = 10_000_000;
/** Most packets of one turn: receiving must have its turns too. */
const MAX_PER_TURN = 32;
/** Room in front of a payload for any framing. */
const HEADROOM_BYTES = 64;
const ROOM_BYTES = HEADROOM_BYTES + LONGEST_PAYLOAD_BYTES;
/** Between two turns of a careful run. */
const PAUSE_MS = 1;
/** The longest time that a histogram knows; what is longer counts as that. Its percentiles are within 0.1 %. */
const MOST_US = 60_000_000;

/** What came of one window of load. Counts and latencies are of the measured packets. */
export type WindowResult = ReturnType<WindowRun['result']>;

/** What a window needs beside its plan. */
export interface WindowMeans {
  readonly engine: DatagramEngine;
  /** A number that no other window of these sockets has, so that late answers are told from new ones. */
  readonly window: number;
  readonly framing: Framing;
  readonly relay: Endpoint;
  readonly sockets: readonly DatagramSocket[];
  readonly schedule: Schedule;
  /** So much of the beginning of the engine's reserve is for packets, used in turn. */
  readonly bufferBytes: number;
  /** Of silence, after which answers that are missing will not come any more. */
  readonly timeoutMs: number;
  /** How many packets may be without an answer in a careful run; undefined in any other. */
  readonly maxUnanswered: number | undefined;
}

/**
 * One window of load. Clients take turns in sending at the times of a schedule, whatever comes back. They are in one loop
 * with the game server that echoes. Turns follow each other at once, so that packets leave when they are due, to some
 * microseconds. Only a careful run leaves the processor to others.
 */
export class WindowRun implements DatagramHandler {
  readonly #means: WindowMeans;
  readonly #careful: boolean;
  readonly #maxUnanswered: number;
  readonly #answered: Uint8Array;
  readonly #latencies = createHistogram({ highest: MOST_US });
  readonly #lateness = createHistogram({ highest: MOST_US });
  readonly #counts = {
    /** Answers that came later than {@link LATEST_US}. */
    late: 0,
    /** Answers that came again, or to another client than the one that asked, in the whole window. */
    duplicates: 0,
    misdelivered: 0,
    /** Answers whose header or content is not what it must be. */
    corrupted: 0,
    /** Datagrams for the relay of any kind, in the whole window. */
    toRelay: 0,
  };
  #next = 0;
  #answers = 0;
  #lastAnswerUs = 0;
  #bufferUsed = 0;

  constructor(means: WindowMeans) {
    this.#means = means;
    this.#careful = means.maxUnanswered !== undefined;
    this.#maxUnanswered = means.maxUnanswered ?? Infinity;
    this.#answered = new Uint8Array(means.schedule.total);
  }

  onDatagrams(socket: DatagramSocket, count: number): void {
    const { engine, framing, relay } = this.#means;
    const { offsets, lengths, ips, ports } = engine.received;
    if (socket.tag === GAME_SERVER) {
      for (let i = 0; i < count; i++) engine.send(socket, offsets[i], lengths[i], ips[i], ports[i]);
      return;
    }
    const nowUs = engine.nowUs();
    for (let i = 0; i < count; i++) {
      // What comes late from another relay.
      if (ips[i] !== (relay.ip | 0) || ports[i] !== relay.port) continue;
      const payload = framing.unwrap(socket.tag, offsets[i], lengths[i]);
      if (payload >= 0) this.#note(socket.tag, payload, offsets[i] + lengths[i] - payload, nowUs);
      else if (payload === WRONG) this.#counts.corrupted++;
    }
  }

  onSent(): void {
    this.#bufferUsed = 0;
    this.#means.framing.sent();
  }

  onWake(): void {
    // Nobody wakes it.
  }

  onTick(): number {
    const { engine, schedule } = this.#means;
    const nowUs = engine.nowUs();
    const end = Math.min(schedule.total, this.#next + MAX_PER_TURN, this.#answers + this.#maxUnanswered);
    while (this.#next < end && schedule.dueUs(this.#next) <= nowUs) this.#send(this.#next++, nowUs);
    if (this.#isOver(nowUs)) engine.stop();
    return this.#careful ? PAUSE_MS : 0;
  }

  /** @param ownDrops datagrams that the kernel dropped in front of the generator's own sockets, and such that it did not take. */
  result(ownDrops: number) {
    const { firstMeasured, endMeasured } = this.#means.schedule;
    return {
      sent: endMeasured - firstMeasured,
      /** In time. */
      answered: this.#latencies.count,
      ...this.#counts,
      p50Us: percentileUs(this.#latencies, 50),
      p99Us: percentileUs(this.#latencies, 99),
      p999Us: percentileUs(this.#latencies, 99.9),
      maxUs: percentileUs(this.#latencies, 100),
      /** By how much packets left later than they were due: what the generator adds by itself. */
      lateP99Us: percentileUs(this.#lateness, 99),
      ownDrops,
    };
  }

  #send(packet: number, nowUs: number): void {
    const { engine, framing, schedule, window } = this.#means;
    const client = schedule.clientOf(packet);
    const { bytes } = engine.arena;
    const payload = this.#takeBuffer() + HEADROOM_BYTES;
    const payloadBytes = this.#careful ? lengthOf(packet) : PAYLOAD_BYTES;
    writeNumbers(bytes, payload, window, packet);
    if (this.#careful) writeContent(bytes, payload);
    const headerBytes = framing.wrap(client, payload, payloadBytes, engine.clockUs);
    this.#toRelay(client, payload - headerBytes, headerBytes + payloadBytes);
    const extraBytes = framing.extra(client, engine.clockUs);
    if (extraBytes > 0) this.#toRelay(client, framing.extraOffset, extraBytes);
    if (schedule.isMeasured(packet)) record(this.#lateness, nowUs - schedule.dueUs(packet));
  }

  /** @returns where a packet has room until everything queued is sent; sends what is queued if there is none. */
  #takeBuffer(): number {
    const { engine, bufferBytes } = this.#means;
    if (this.#bufferUsed + ROOM_BYTES > bufferBytes) {
      engine.flush();
      this.#bufferUsed = 0;
    }
    const place = engine.arena.reserve.start + this.#bufferUsed;
    this.#bufferUsed += ROOM_BYTES;
    return place;
  }

  #toRelay(client: number, offset: number, lengthBytes: number): void {
    const { engine, relay, sockets } = this.#means;
    this.#counts.toRelay++;
    engine.send(sockets[client], offset, lengthBytes, relay.ip, relay.port);
  }

  #note(client: number, payload: number, lengthBytes: number, nowUs: number): void {
    const { engine, schedule, window } = this.#means;
    const { bytes } = engine.arena;
    if (lengthBytes < 8 || readNumber(bytes, payload) !== window) return;
    this.#lastAnswerUs = nowUs;
    const packet = readNumber(bytes, payload + 4);
    const whole = this.#careful ? isWhole(bytes, payload, lengthBytes) : lengthBytes === PAYLOAD_BYTES;
    if (!whole || packet >= schedule.total) {
      this.#counts.corrupted++;
    } else if (schedule.clientOf(packet) !== client) {
      this.#counts.misdelivered++;
    } else if (this.#answered[packet] !== 0) {
      this.#counts.duplicates++;
    } else {
      this.#answered[packet] = 1;
      this.#answers++;
      if (!schedule.isMeasured(packet)) return;
      const latencyUs = nowUs - schedule.dueUs(packet);
      if (latencyUs <= LATEST_US) record(this.#latencies, latencyUs);
      else this.#counts.late++;
    }
  }

  #isOver(nowUs: number): boolean {
    const { schedule, timeoutMs } = this.#means;
    // A careful run may have so many packets unanswered that it cannot send the rest.
    if (this.#next < schedule.total && this.#next < this.#answers + this.#maxUnanswered) return false;
    if (this.#answers === schedule.total) return true;
    const timeoutUs = timeoutMs * 1_000;
    const sinceLastUs = nowUs - schedule.dueUs(this.#next);
    const silent = nowUs - this.#lastAnswerUs > timeoutUs && sinceLastUs > Math.max(LATEST_US, timeoutUs);
    return silent || sinceLastUs > MAX_DRAIN_US;
  }
}

/** @param us negative ones, which two clocks can give, count as the shortest that there is. */
function record(histogram: RecordableHistogram, us: number): void {
  histogram.record(Math.min(MOST_US, Math.max(1, Math.floor(us))));
}

/** NaN of none. */
function percentileUs(histogram: RecordableHistogram, percentile: number): number {
  return histogram.count === 0 ? NaN : histogram.percentile(percentile);
}
