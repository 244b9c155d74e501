import { SHORT_INITIALS_FILTER } from '@lightspeed/control/quic';
import { findBoundSockets } from '@lightspeed/udp';
import type { BoundSocket } from '@lightspeed/udp';
import { formatSocketAddress } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import type { Logger } from 'pino';
import { messageOf } from '../base/node-error.ts';

interface Watched {
  readonly socket: BoundSocket;
  /** What was read of it last, a number of 32 bits that wraps. */
  seen: number;
}

/**
 * The sockets that the QUIC library has opened for the control port, one for each address of the machine. Each gets a
 * filter, and its drops are counted.
 */
export class ControlSockets {
  readonly #log: Logger;
  readonly #watched = new Set<Watched>();
  #drops = 0;
  /** Why a filter is missing, so that it is said once. */
  #fault: string | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** An address was bound: filters what comes there. Where that is not possible, the log says so, and all comes through. */
  guard(local: SocketAddress): void {
    try {
      const sockets = findBoundSockets(local.host, local.port);
      if (sockets.length === 0) throw new Error('its socket is not among those of this process');
      for (const socket of sockets) {
        socket.filter(SHORT_INITIALS_FILTER);
        this.#watched.add({ socket, seen: 0 });
      }
    } catch (error) {
      const why = messageOf(error);
      if (this.#fault === why) return;
      this.#fault = why;
      this.#log.warn(
        { control: formatSocketAddress(local), why },
        'the control port answers datagrams that are too short to open a connection: no filter can be set here',
      );
    }
  }

  /**
   * Datagrams that the kernel has dropped in front of these sockets: those that the filter refused, and those for which there was
   * no room. Of a socket that was closed, up to the last look at it. undefined if none could be watched.
   */
  get drops(): number | undefined {
    for (const watched of this.#watched) {
      const now = watched.socket.drops();
      if (now === undefined) {
        this.#watched.delete(watched);
      } else {
        this.#drops += (now - watched.seen) >>> 0;
        watched.seen = now;
      }
    }
    return this.#watched.size === 0 && this.#drops === 0 ? undefined : this.#drops;
  }
}
