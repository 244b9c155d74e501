import type { DatagramEngine, DatagramHandler, DatagramSocket } from '@lightspeed/udp';
import type { Endpoint } from '@lightspeed/wire';
import type { Framing } from './framing.ts';
import type { OpenResult } from './load-messages.ts';
import { GAME_SERVER } from './window-run.ts';

const RETRY_AFTER_US = 300_000;
/** For those behind the last that could be asked when all went well. */
const GIVE_UP_AFTER_US = 10_000_000;
/** How many may be waiting for an answer: fewer than a node lets in from addresses that it does not know. */
const MAX_WAITING = 32;

/** Has every client let in by a relay, one after the other. */
export class OpeningRun implements DatagramHandler {
  readonly #engine: DatagramEngine;
  readonly #framing: Framing;
  readonly #relay: Endpoint;
  readonly #sockets: readonly DatagramSocket[];
  readonly #perSecond: number;
  readonly #place: number;
  readonly #askedUs: Float64Array;
  readonly #startUs: number;
  /** All clients before this one are let in. */
  #first = 0;
  /** Datagrams that it took. */
  #asked = 0;

  /** @param place bytes of the arena for what clients say, one opening long. */
  constructor(
    engine: DatagramEngine,
    framing: Framing,
    relay: Endpoint,
    sockets: readonly DatagramSocket[],
    perSecond: number,
    place: number,
  ) {
    this.#engine = engine;
    this.#framing = framing;
    this.#relay = relay;
    this.#sockets = sockets;
    this.#perSecond = perSecond;
    this.#place = place;
    this.#askedUs = new Float64Array(sockets.length);
    this.#startUs = engine.nowUs();
  }

  result(): OpenResult {
    let open = 0;
    for (let client = 0; client < this.#sockets.length; client++) if (this.#framing.isOpen(client)) open++;
    return { open, asked: this.#asked };
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
    const elapsedUs = nowUs - this.#startUs;
    const clients = this.#sockets.length;
    while (this.#first < clients && this.#framing.isOpen(this.#first)) this.#first++;
    const allAskedUs = (clients * 1_000_000) / this.#perSecond;
    if (this.#first === clients || elapsedUs > allAskedUs + GIVE_UP_AFTER_US) this.#engine.stop();
    const due = Math.min(clients, Math.ceil((elapsedUs * this.#perSecond) / 1_000_000));
    let waiting = 0;
    for (let client = this.#first; client < due && waiting < MAX_WAITING; client++) {
      if (this.#framing.isOpen(client)) continue;
      waiting++;
      if (nowUs - this.#askedUs[client] > RETRY_AFTER_US) this.#ask(client, nowUs);
    }
    return 1;
  }

  #ask(client: number, nowUs: number): void {
    this.#askedUs[client] = nowUs;
    this.#asked++;
    const lengthBytes = this.#framing.writeOpening(client, this.#place, this.#engine.clockUs);
    this.#engine.send(this.#sockets[client], this.#place, lengthBytes, this.#relay.ip, this.#relay.port);
    this.#engine.flush();
  }
}
