import type { Answer, Shot } from '../base/shots.ts';
import type { Arrival } from './message.ts';
import { ProbeSocket } from './probe-socket.ts';
import type { ProbeSocketOptions } from './probe-socket.ts';

/** Says who answered with what came in, or undefined if it is no answer. */
export type Judge = (arrival: Arrival) => string | undefined;

/** At most so much is read at one look: what else comes has to wait. */
const MAX_READ_AT_ONCE = 8;

/** One datagram by a socket of its own, which no other datagram's answer reaches. */
export class SocketShot implements Shot {
  readonly #socket: ProbeSocket;
  readonly #bytes: Uint8Array;
  readonly #judge: Judge;
  #sentUs: number | undefined;

  /** @throws {ProbeError} `ERR_PROBE_UNAVAILABLE` */
  constructor(options: ProbeSocketOptions, bytes: Uint8Array, judge: Judge) {
    this.#socket = new ProbeSocket(options);
    this.#bytes = bytes;
    this.#judge = judge;
  }

  fire(): void {
    this.#sentUs = this.#socket.send(this.#bytes);
  }

  look(): Answer | undefined {
    if (this.#sentUs === undefined) return undefined;
    for (const errors of [true, false]) {
      for (let read = 0; read < MAX_READ_AT_ONCE; read++) {
        const arrival = this.#socket.receive(errors);
        if (arrival === undefined) break;
        const origin = this.#judge(arrival);
        if (origin === undefined) continue;
        const roundTripMs = ((arrival.atUs ?? this.#socket.nowUs()) - this.#sentUs) / 1_000;
        // The wall clock was set meanwhile: nothing is known.
        return roundTripMs < 0 ? undefined : { roundTripMs, origin };
      }
    }
    return undefined;
  }

  close(): void {
    this.#socket.close();
  }
}
