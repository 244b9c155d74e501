import type { Socket } from 'node:dgram';
import { setTimeout } from 'node:timers/promises';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { closeSocket, openLoopbackSocket } from '../loopback-socket.ts';
import { Pace } from './pace.ts';

const PAYLOAD_BYTES = 64;
/** So long after all was sent, or after the last answer, the rest will not come. */
const SILENCE_MS = 500;
const LOOK_MS = 20;

/** How it went: of the datagrams that were sent since the last {@link EchoGame.mark}. */
export interface EchoReport {
  readonly sent: number;
  /** Different ones of them that were answered. */
  readonly answered: number;
  /** Numbers of those that were not, counted from the mark: the first ones. */
  readonly missing: readonly number[];
  /** Answers that came again. */
  readonly duplicates: number;
  /** Datagrams that are no answers to what was sent. */
  readonly strange: number;
  /** The longest time without an answer. */
  readonly longestGapMs: number;
  /** How many datagrams' time has passed at most between two that were sent: 1 of a game that was never held up. */
  readonly longestPauseDatagrams: number;
  /** Of all answers, ascending. */
  readonly roundTripsMs: readonly number[];
}

const MOST_MISSING = 10;

/** A game that sends numbered datagrams at a steady rate to a server that sends them back. */
export class EchoGame implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #pace: Pace;
  readonly #perSecond: number;
  readonly #sentMs: number[] = [];
  /** -1 for one that was not answered yet. */
  readonly #roundTripsMs: number[] = [];
  #markedNumber = 0;
  #heardMs = performance.now();
  #longestGapMs = 0;
  #longestPauseMs = 0;
  #duplicates = 0;
  #strange = 0;

  private constructor(socket: Socket, server: Endpoint, perSecond: number) {
    this.#socket = socket;
    this.#perSecond = perSecond;
    socket.on('message', (bytes) => this.#hear(bytes));
    const address = formatIpv4(server.ip);
    this.#pace = new Pace(perSecond, (nowMs) => {
      this.#longestPauseMs = Math.max(this.#longestPauseMs, nowMs - (this.#sentMs.at(-1) ?? nowMs));
      const payload = Buffer.alloc(PAYLOAD_BYTES);
      payload.writeUInt32BE(this.#sentMs.push(nowMs) - 1);
      this.#roundTripsMs.push(-1);
      socket.send(payload, server.port, address);
    });
  }

  static async start(server: Endpoint, perSecond: number): Promise<EchoGame> {
    return new EchoGame(await openLoopbackSocket(), server, perSecond);
  }

  /** Ends what is counted, gives the last answers time, and counts anew what is sent from here on. @returns the count */
  async mark(): Promise<EchoReport> {
    const end = this.#sentMs.length;
    await setTimeout(SILENCE_MS);
    const report = this.#report(end);
    this.#markedNumber = end;
    this.#longestGapMs = 0;
    this.#longestPauseMs = 0;
    this.#duplicates = 0;
    this.#strange = 0;
    return report;
  }

  /** Sends no more, and waits for the last answers. */
  async finish(): Promise<EchoReport> {
    this.#pace.stop();
    const stoppedMs = performance.now();
    const isWhole = () => !this.#roundTripsMs.includes(-1, this.#markedNumber);
    while (!isWhole() && performance.now() - Math.max(stoppedMs, this.#heardMs) < SILENCE_MS) await setTimeout(LOOK_MS);
    return this.#report(this.#sentMs.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pace.stop();
    await closeSocket(this.#socket);
  }

  #report(end: number): EchoReport {
    const trips = this.#roundTripsMs.slice(this.#markedNumber, end);
    const missing = trips.flatMap((trip, number) => (trip < 0 ? [number] : []));
    return {
      sent: trips.length,
      answered: trips.length - missing.length,
      missing: missing.slice(0, MOST_MISSING),
      duplicates: this.#duplicates,
      strange: this.#strange,
      longestGapMs: this.#longestGapMs,
      longestPauseDatagrams: Math.round((this.#longestPauseMs * this.#perSecond) / 1_000),
      roundTripsMs: trips.filter((trip) => trip >= 0).toSorted((a, b) => a - b),
    };
  }

  #hear(bytes: Buffer): void {
    const nowMs = performance.now();
    const number = bytes.length === PAYLOAD_BYTES ? bytes.readUInt32BE() : this.#sentMs.length;
    if (number >= this.#sentMs.length) {
      this.#strange++;
      return;
    }
    this.#longestGapMs = Math.max(this.#longestGapMs, nowMs - this.#heardMs);
    this.#heardMs = nowMs;
    if (this.#roundTripsMs[number] >= 0) {
      this.#duplicates++;
      return;
    }
    this.#roundTripsMs[number] = nowMs - this.#sentMs[number];
  }
}
