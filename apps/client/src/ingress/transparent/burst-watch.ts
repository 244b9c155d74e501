import type { AddressHandle, Milliseconds, Port } from '@lightspeed/wire';

/** A socket that speaks with more new servers than this within {@link WINDOW_MS} is no game's: a torrent, a server browser. */
const MAX_NEW_SERVERS = 50;
const WINDOW_MS = 10_000;
/** Most sockets that are watched; the one that was begun first is forgotten. */
const MAX_SOCKETS = 1_024;

interface Watched {
  sinceMs: Milliseconds;
  newServers: number;
}

/** Tells the sockets of games from those that speak with everybody. */
export class BurstWatch {
  readonly #sockets = new Map<string, Watched>();

  /**
   * A socket of a program speaks with another server.
   * @returns true from the 51st on within 10 s, and as long as it goes on like that.
   */
  newServer(ip: AddressHandle, port: Port, nowMs: Milliseconds): boolean {
    const name = `${ip}:${port}`;
    let watched = this.#sockets.get(name);
    if (watched === undefined || ((nowMs - watched.sinceMs) | 0) >= WINDOW_MS) {
      this.#sockets.delete(name);
      watched = { sinceMs: nowMs, newServers: 0 };
      this.#sockets.set(name, watched);
      if (this.#sockets.size > MAX_SOCKETS) this.#forgetFirst();
    }
    watched.newServers++;
    return watched.newServers > MAX_NEW_SERVERS;
  }

  #forgetFirst(): void {
    for (const name of this.#sockets.keys()) {
      this.#sockets.delete(name);
      return;
    }
  }
}
