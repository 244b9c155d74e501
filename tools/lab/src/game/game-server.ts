import type { Endpoint } from '@lightspeed/wire';
import { endpointOf, openLoopbackSocket } from '../loopback-socket.ts';
import { isWhole, readNumber } from '../payload.ts';

/** How far behind the newest one a datagram may come and be counted right. */
const REMEMBERED = 4_096;

/** What came of a stream of datagrams that are numbered from 0: how much, how much twice, how much not. */
export class Arrivals {
  /** Each number's place remembers the newest one that fell there, plus one. */
  readonly #seen = new Int32Array(REMEMBERED);
  #end = 0;
  /** Different numbers that came. */
  received = 0;
  /** Numbers that came again. One that comes {@link REMEMBERED} or more behind the highest counts as such too. */
  duplicates = 0;

  /** Of those up to the highest, how many have not come. Late ones may still. */
  get missing(): number {
    return this.#end - this.received;
  }

  /** @returns whether it came for the first time. */
  note(number: number): boolean {
    const place = number % REMEMBERED;
    if (this.#seen[place] > number) {
      this.duplicates++;
      return false;
    }
    this.#seen[place] = number + 1;
    this.received++;
    this.#end = Math.max(this.#end, number + 1);
    return true;
  }
}

/** A game server that sends every datagram back to where it came from, and keeps account of each game. */
export type GameServer = Awaited<ReturnType<typeof openGameServer>>;

/** What a server has got of one game. */
export interface GameAccount {
  readonly arrivals: Arrivals;
  /** Of its first datagram. */
  readonly sinceMs: number;
  /** Where its last datagram came from, `ADDR:PORT`. */
  source: string;
}

/**
 * @param at 127.0.0.1 and a port that the system chooses when left out
 * @param arrived called when a datagram has come for the first time
 */
export async function openGameServer(at?: Endpoint, arrived: (stream: number, number: number, nowMs: number) => void = () => undefined) {
  const socket = await openLoopbackSocket(at);
  /** All that have sent something, `ADDR:PORT`. */
  const sources = new Set<string>();
  /** By the numbers of their streams. */
  const games = new Map<number, GameAccount>();
  const counts = {
    /** Datagrams that are none of a game's, or are no more as they were sent. */
    corrupted: 0,
    /** How often a game has come from another address than before. */
    moved: 0,
  };
  socket.on('message', (bytes, from) => {
    const source = `${from.address}:${from.port}`;
    sources.add(source);
    socket.send(bytes, from.port, from.address);
    if (!isWhole(bytes, 0, bytes.length)) {
      counts.corrupted++;
      return;
    }
    const stream = readNumber(bytes, 0);
    const game = games.get(stream) ?? { arrivals: new Arrivals(), sinceMs: performance.now(), source };
    games.set(stream, game);
    if (game.source !== source) counts.moved++;
    game.source = source;
    const number = readNumber(bytes, 4);
    if (game.arrivals.note(number)) arrived(stream, number, performance.now());
  });
  return { address: endpointOf(socket), sources, games, counts, [Symbol.asyncDispose]: () => socket[Symbol.asyncDispose]() };
}
