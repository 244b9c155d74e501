import type { DatagramEngine, DatagramHandler, DatagramSocket } from '@lightspeed/udp';
import type { Endpoint } from '@lightspeed/wire';
import type { Framing } from './framing.ts';
import { GAME_SERVER } from './window-run.ts';

const RETRY_AFTER_US = 300_000;
const GIVE_UP_AFTER_US = 10_000_000;
/** How many may be waiting for an answer: fewer than a node lets in from addresses that it does not know. */
const MOST_WAITING = 32;

/** Has every client let in by a relay. */
export class OpeningRun implements DatagramHandler {
  readonly #engine: DatagramEngine;
  readonly #framing: Framing;
  readonly #relay: Endpoint;
  readonly #sockets: readonly DatagramSocket[];
  readonly #place: number;
  readonly #askedUs: Float64Array;
  readonly #startUs: number;

  /** @param place bytes of the arena for what clients say, one opening long. */
  constructor(engine: DatagramEngine, framing: Framing, relay: Endpoint, sockets: readonly DatagramSocket[], place: number) {
    this.#engine = engine;
    this.#framing = framing;
    this.#relay = relay;
    this.#sockets = sockets;
    this.#place = place;
    this.#askedUs = new Float64Array(sockets.length);
    this.#startUs = engine.nowUs();
  }

  /** How many clients are let in. */
  get open(): number {
    let open = 0;
    for (let client = 0; client < this.#sockets.length; client++) if (this.#framing.isOpen(client)) open++;
    return open;
  }

  onDatagrams(socket: DatagramSocket, count: number): void {
    const { offsets, lengths, ips, ports } = this.#engine.received;
    if (socket.tag === GAME_SERVER) return;
    for (let i = 0; i < count; i++) {
      if (ips[i] !== (this.#relay.ip | 0) || ports[i] !== this.#relay.port) continue;
      this.#framing.readOpening(socket.tag, offsets[i], lengths[i]);
      this.#askedUs[socket.tag] = 0;
    }
  }

  onSent(): void {
    // One place, flushed after each use.
  }

  onWake(): void {
    // Nobody wakes it.
  }

  onTick(): number {
    const nowUs = this.#engine.nowUs();
    let waiting = 0;
    let closed = 0;
    for (let client = 0; client < this.#sockets.length && waiting < MOST_WAITING; client++) {
      if (this.#framing.isOpen(client)) continue;
      closed++;
      waiting++;
      if (nowUs - this.#askedUs[client] > RETRY_AFTER_US) this.#ask(client, nowUs);
    }
    if (closed === 0 || nowUs - this.#startUs > GIVE_UP_AFTER_US) this.#engine.stop();
    return 1;
  }

  #ask(client: number, nowUs: number): void {
    this.#askedUs[client] = nowUs;
    const lengthBytes = this.#framing.writeOpening(client, this.#place, this.#engine.clockUs);
    this.#engine.send(this.#sockets[client], this.#place, lengthBytes, this.#relay.ip, this.#relay.port);
    this.#engine.flush();
  }
}
