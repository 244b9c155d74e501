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
export type OpenResult = ReturnType<ReturnType<typeof openingRun>['result']>;

/** By what clients ask to be let in. */
export interface OpeningMeans {
  readonly engine: DatagramEngine;
  readonly framing: Framing;
  readonly relay: Endpoint;
  readonly sockets: readonly DatagramSocket[];
  /** Bytes of the arena for what clients say, one opening long. */
  readonly place: number;
}

/** Has every client let in by a relay, one after the other, once the engine runs its handler. */
export function openingRun({ engine, framing, relay, sockets, place }: OpeningMeans, perSecond: number) {
  const clients = sockets.length;
  const askedUs = new Float64Array(clients);
  const startUs = engine.nowUs();
  /** All clients before this one are let in. */
  let first = 0;
  /** Datagrams that it took. */
  let asked = 0;
  const ask = (client: number, nowUs: number) => {
    askedUs[client] = nowUs;
    asked++;
    const lengthBytes = framing.writeOpening(client, place, engine.clockUs);
    engine.send(sockets[client], place, lengthBytes, relay.ip, relay.port);
    engine.flush();
  };
  const handler: DatagramHandler = {
    onDatagrams: (socket, count) => {
      const { offsets, lengths, ips, ports } = engine.received;
      if (socket.tag === GAME_SERVER) return;
      for (let i = 0; i < count; i++) {
        if (ips[i] !== (relay.ip | 0) || ports[i] !== relay.port) continue;
        framing.readOpening(socket.tag, offsets[i], lengths[i]);
        askedUs[socket.tag] = 0;
      }
    },
    // One place, flushed after each use.
    onSent: () => undefined,
    onWake: () => undefined,
    onTick: () => {
      const nowUs = engine.nowUs();
      const elapsedUs = nowUs - startUs;
      while (first < clients && framing.isOpen(first)) first++;
      const allAskedUs = (clients * 1_000_000) / perSecond;
      if (first === clients || elapsedUs > allAskedUs + GIVE_UP_AFTER_US) engine.stop();
      const due = Math.min(clients, Math.ceil((elapsedUs * perSecond) / 1_000_000));
      let waiting = 0;
      for (let client = first; client < due && waiting < MAX_WAITING; client++) {
        if (framing.isOpen(client)) continue;
        waiting++;
        if (nowUs - askedUs[client] > RETRY_AFTER_US) ask(client, nowUs);
      }
      return 1;
    },
  };
  /** `open` are clients that are let in, and `asked` datagrams that asked for it. */
  const result = () => ({ open: sockets.filter((_socket, client) => framing.isOpen(client)).length, asked });
  return { handler, result };
}
