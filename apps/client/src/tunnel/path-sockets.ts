import type { DatagramEngine, DatagramSocket } from '@lightspeed/udp';
import { UNSPECIFIED_IPV6 } from '@lightspeed/wire';
import type { Milliseconds, PathNumber, SocketAddress } from '@lightspeed/wire';
import { familyOf } from '../settings/addresses.ts';
import type { Family } from '../settings/addresses.ts';

/** What was under way to a socket that was replaced still arrives for so long. */
const LINGER_MS = 2_000;
const IDLE_MS = 1_000;

/** To which addresses a path's socket can send. */
export type PathFamily = Family | 'both';

/** A path's socket, bound. */
export interface PathSocket {
  readonly socket: DatagramSocket;
  readonly family: PathFamily;
  /** The address that was asked for; undefined leaves it to the system's routes. */
  readonly local: string | undefined;
}

/** How a path's socket is opened: of both families where no address is asked for and the system has both. */
export function pathSocketOptions(engine: DatagramEngine, local: string | undefined, ipv6: boolean) {
  if (local === undefined) return ipv6 ? { ip: UNSPECIFIED_IPV6, port: 0, dualStack: true } : { ip: 0, port: 0 };
  return { ip: engine.addresses.parse(local) ?? 0, port: 0 };
}

/** To which addresses a socket can send that was opened so. */
export function pathFamily(local: string | undefined, ipv6: boolean): PathFamily {
  if (local === undefined) return ipv6 ? 'both' : 'ipv4';
  return familyOf(local) ?? 'ipv4';
}

/** Where a socket is bound, in text. */
export function localAddressOf(engine: DatagramEngine, { localIp, localPort }: DatagramSocket): SocketAddress {
  return { host: engine.addresses.format(localIp), port: localPort };
}

/** The sockets towards the nodes, one per path, which may be replaced. */
export class PathSockets {
  readonly #engine: DatagramEngine;
  readonly #ipv6: boolean;
  readonly #paths: PathSocket[];
  readonly #former: { readonly socket: DatagramSocket; readonly untilMs: Milliseconds }[] = [];

  /** @param ipv6 whether the system has IPv6. */
  constructor(engine: DatagramEngine, paths: readonly PathSocket[], ipv6: boolean) {
    this.#engine = engine;
    this.#ipv6 = ipv6;
    this.#paths = [...paths];
  }

  get count(): number {
    return this.#paths.length;
  }

  at(path: PathNumber): DatagramSocket {
    return this.#paths[path].socket;
  }

  /** The path whose socket it is; undefined for others, those included that were replaced. */
  pathOf(socket: DatagramSocket): PathNumber | undefined {
    const path = this.#paths.findIndex((one) => one.socket === socket);
    return path < 0 ? undefined : path;
  }

  family(path: PathNumber): PathFamily {
    return this.#paths[path].family;
  }

  /** Of which family a path would be with another local address. */
  familyWith(path: PathNumber, local = this.#paths[path].local): PathFamily {
    return pathFamily(local, this.#ipv6);
  }

  /**
   * Gives a path a new socket, bound to the address of the one before, or to another one.
   * @returns its local address, or undefined if the system refuses; the one before stays then.
   */
  replace(path: PathNumber, local = this.#paths[path].local): SocketAddress | undefined {
    const former = this.#paths[path];
    const socket = this.#engine.openNow(pathSocketOptions(this.#engine, local, this.#ipv6));
    if (socket === undefined) return undefined;
    socket.tag = former.socket.tag;
    this.#former.push({ socket: former.socket, untilMs: (this.#engine.clockMs + LINGER_MS) | 0 });
    this.#paths[path] = { socket, family: pathFamily(local, this.#ipv6), local };
    return localAddressOf(this.#engine, socket);
  }

  /** Closes what has lingered long enough. @returns milliseconds until it wants to be called again. */
  msUntilDue(nowMs: Milliseconds): number {
    while (this.#former.length > 0) {
      const left = (this.#former[0].untilMs - nowMs) | 0;
      if (left > 0) return Math.min(left, IDLE_MS);
      this.#former.shift()?.socket.close();
    }
    return IDLE_MS;
  }
}
