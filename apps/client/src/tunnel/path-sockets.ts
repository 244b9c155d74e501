import type { DatagramEngine, DatagramSocket } from '@lightspeed/udp';
import type { Endpoint } from '@lightspeed/wire';
import { tagOfPath } from './sockets.ts';
import type { TunnelSockets } from './sockets.ts';

/** What was under way to a socket that was replaced still arrives for so long. */
const LINGER_MS = 2_000;
const IDLE_MS = 1_000;

/** The sockets towards the nodes, one per path, which may be replaced. */
export class PathSockets {
  readonly #engine: DatagramEngine;
  readonly #sockets: DatagramSocket[];
  /** The addresses that they were bound to; 0 leaves the address to the system's routes. */
  readonly #ips: number[];
  readonly #former: { readonly socket: DatagramSocket; readonly untilMs: number }[] = [];

  constructor(engine: DatagramEngine, sockets: TunnelSockets) {
    this.#engine = engine;
    this.#sockets = [...sockets.paths];
    this.#ips = this.#sockets.map(({ localIp }) => localIp);
  }

  get count(): number {
    return this.#sockets.length;
  }

  at(path: number): DatagramSocket {
    return this.#sockets[path];
  }

  /**
   * Gives a path a new socket, bound to the address of the one before, or to another one.
   * @returns its local address, or undefined if the system refuses; the one before stays then.
   */
  replace(path: number, ip = this.#ips[path]): Endpoint | undefined {
    const socket = this.#engine.openNow({ ip, port: 0 });
    if (socket === undefined) return undefined;
    socket.tag = tagOfPath(path);
    this.#former.push({ socket: this.#sockets[path], untilMs: (this.#engine.clockMs + LINGER_MS) | 0 });
    this.#sockets[path] = socket;
    this.#ips[path] = ip;
    return { ip: socket.localIp, port: socket.localPort };
  }

  /** Closes what has lingered long enough. @returns milliseconds until it wants to be called again. */
  msUntilDue(nowMs: number): number {
    while (this.#former.length > 0) {
      const left = (this.#former[0].untilMs - nowMs) | 0;
      if (left > 0) return Math.min(left, IDLE_MS);
      this.#former.shift()?.socket.close();
    }
    return IDLE_MS;
  }
}
