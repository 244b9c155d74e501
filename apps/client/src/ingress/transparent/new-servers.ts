import type { AddressHandle, Milliseconds, Port } from '@lightspeed/wire';

/** A socket that speaks with more new servers than this within {@link WINDOW_MS} is no game's: a torrent, a server browser. */
const MAX_OF_SOCKET = 50;
/** Nodes let a session reach this many new servers in a window, and ban who goes on beyond ("Reflection" in docs/protocol.md). */
const MAX_BY_NODE = 10;
const WINDOW_MS = 10_000;
/** What a clock at the other end may differ by. */
const MARGIN_MS = 500;
/** Most sockets that are watched; the one that was begun first is forgotten. */
const MAX_SOCKETS = 1_024;

/** What becomes of a flow to a new server. */
export const NewServer = {
  /** It goes by the node. */
  byNode: 0,
  /** It goes directly: the node would refuse it. */
  direct: 1,
  /** It goes directly, like all that its socket begins from now on. */
  ofBurst: 2,
} as const;

interface Socket {
  sinceMs: Milliseconds;
  /** New servers in its window. */
  seen: number;
  /** When it has taken one of the node's. */
  byNodeMs: Milliseconds[];
}

/**
 * Which flows to new servers go by the node. It lets each socket have less than is left for others: so what asks everybody
 * leaves a game its share.
 */
export class NewServers {
  readonly #sockets = new Map<string, Socket>();
  /** When the last ones were let through to the node. */
  #byNodeMs: Milliseconds[] = [];

  /** A socket of a program speaks with a server with which nobody has spoken. @returns one of {@link NewServer} */
  admit(ip: AddressHandle, port: Port, nowMs: Milliseconds): number {
    const isRecent = (ms: Milliseconds) => ((nowMs - ms) | 0) < WINDOW_MS + MARGIN_MS;
    const socket = this.#socketOf(`${ip}:${port}`, nowMs);
    socket.seen++;
    if (socket.seen > MAX_OF_SOCKET) return NewServer.ofBurst;
    this.#byNodeMs = this.#byNodeMs.filter(isRecent);
    socket.byNodeMs = socket.byNodeMs.filter(isRecent);
    if (socket.byNodeMs.length >= MAX_BY_NODE - this.#byNodeMs.length) return NewServer.direct;
    this.#byNodeMs.push(nowMs);
    socket.byNodeMs.push(nowMs);
    return NewServer.byNode;
  }

  #socketOf(name: string, nowMs: Milliseconds): Socket {
    let socket = this.#sockets.get(name);
    if (socket === undefined) {
      socket = { sinceMs: nowMs, seen: 0, byNodeMs: [] };
      this.#sockets.set(name, socket);
      if (this.#sockets.size > MAX_SOCKETS) this.#forgetFirst();
    } else if (((nowMs - socket.sinceMs) | 0) >= WINDOW_MS) {
      socket.sinceMs = nowMs;
      socket.seen = 0;
    }
    return socket;
  }

  #forgetFirst(): void {
    for (const name of this.#sockets.keys()) {
      this.#sockets.delete(name);
      return;
    }
  }
}
