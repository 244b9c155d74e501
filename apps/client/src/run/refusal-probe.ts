import { createSocket } from 'node:dgram';
import type { SocketAddress } from '@lightspeed/wire';

/** A refusal comes back as fast as an answer would. */
const TIMEOUT_MS = 1_000;

/**
 * Finds out why an address is silent: does its machine say that nothing listens on the port (ICMP port unreachable)?
 * The kernel tells that to connected sockets only, which a tunnel's is not.
 */
export function isRefused(target: SocketAddress): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket(target.host.includes(':') ? 'udp6' : 'udp4');
    const finish = (refused: boolean) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      socket.close();
      resolve(refused);
    };
    const timer = setTimeout(() => finish(false), TIMEOUT_MS);
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code === 'ECONNREFUSED'));
    // Without a way to the address, it fails before it is connected.
    socket.once('connect', () => socket.send(new Uint8Array(0)));
    socket.connect(target.port, target.host);
  });
}
