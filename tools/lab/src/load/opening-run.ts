import type { DatagramEngine, DatagramHandler, DatagramSocket } from '@lightspeed/udp';
import type { Endpoint } from '@lightspeed/wire';
import type { Framing } from './framing.ts';
import { GAME_SERVER } from './window-run.ts';

const RETRY_AFTER_US = 300_000;
/** For those behind the last that could be asked when all went well. */
const GIVE_UP_AFTER_US = 10_000_000;
/** How many may be waiting for an answer: fewer than a node lets in from addresses that it does not know. */
const MAX_WAITING = 32;

/** How many clients were let in. */
export type OpenResult = ReturnType<OpeningRun['result']>;

/** By what clients ask to be let in. */
export interface OpeningMeans {
  readonly engine: DatagramEngine;
  readonly framing: Framing;
  readonly relay: Endpoint;
  readonly sockets: readonly DatagramSocket[];
  /** Bytes of the arena for what clients say, one opening long. */
  readonly place: number;
}

/** Has every client let in by a relay, one after the other. */
export class OpeningRun implements DatagramHandler {
  readonly #means: OpeningMeans;
  readonly #perSecond: number;
  readonly #askedUs: Float64Array;
  readonly #startUs: number;
  /** All clients before this one are let in. */
  #first = 0;
  /** Datagrams that it took. */
  #asked = 0;

  constructor(means: OpeningMeans, perSecond: number) {
    this.#means = means;
    this.#perSecond = perSecond;
    this.#askedUs = new Float64Array(means.sockets.length);
    this.#startUs = means.engine.nowUs();
  }

  /** `open` are clients that are let in, and `asked` datagrams that asked for it. */
  result() {
    const { framing, sockets } = this.#means;
    return { open: sockets.filter((_socket, client) => framing.isOpen(client)).length, asked: this.#asked };
  }

  onDatagrams(socket: DatagramSocket, count: number): void {
    const { engine, framing, relay } = this.#means;
    const { offsets, lengths, ips, ports } = engine.received;
    if (socket.tag === GAME_SERVER) return;
    for (let i = 0; i < count; i++) {
      if (ips[i] !== (relay.ip | 0) || ports[i] !== relay.port) continue;
      framing.readOpening(socket.tag, offsets[i], lengths[i]);
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
    const { engine, framing, sockets } = this.#means;
    const nowUs = engine.nowUs();
    const elapsedUs = nowUs - this.#startUs;
    const clients = sockets.length;
    while (this.#first < clients && framing.isOpen(this.#first)) this.#first++;
    const allAskedUs = (clients * 1_000_000) / this.#perSecond;
    if (this.#first === clients || elapsedUs > allAskedUs + GIVE_UP_AFTER_US) engine.stop();
    const due = Math.min(clients, Math.ceil((elapsedUs * this.#perSecond) / 1_000_000));
    let waiting = 0;
    for (let client = this.#first; client < due && waiting < MAX_WAITING; client++) {
      if (framing.isOpen(client)) continue;
      waiting++;
      if (nowUs - this.#askedUs[client] > RETRY_AFTER_US) this.#ask(client, nowUs);
    }
    return 1;
  }

  #ask(client: number, nowUs: number): void {
    const { engine, framing, relay, sockets, place } = this.#means;
    this.#askedUs[client] = nowUs;
    this.#asked++;
    const lengthBytes = framing.writeOpening(client, place, engine.clockUs);
    engine.send(sockets[client], place, lengthBytes, relay.ip, relay.port);
    engine.flush();
  }
}
