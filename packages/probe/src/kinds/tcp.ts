import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { CheckedOptions } from '../base/options.ts';
import type { Answer, Shot } from '../base/shots.ts';

/**
 * One TCP connection to the server's port, reset as soon as it stands. That the server refuses it is an answer like any other,
 * and which of both it was is told to nobody. The kernel sends one SYN: the second would follow after the longest timeout.
 *
 * Times are those at which Node hears of it. Sockets have no mark: LightSpeed's rules catch nothing but UDP.
 */
export function tcpShot({ target, source }: CheckedOptions): Shot {
  let socket: Socket | undefined;
  let answer: Answer | undefined;
  return {
    fire() {
      const sentMs = performance.now();
      const answered = () => {
        answer ??= { roundTripMs: performance.now() - sentMs, origin: target.ip };
        socket?.resetAndDestroy();
      };
      socket = connect({ host: target.ip, port: target.port, ...(source !== undefined && { localAddress: source }) });
      socket.on('connect', answered);
      socket.on('error', (error: NodeJS.ErrnoException) => {
        // Routers and this machine say other things.
        if (error.code === 'ECONNREFUSED') answered();
      });
    },
    look: () => answer,
    close: () => {
      socket?.destroy();
    },
  };
}
