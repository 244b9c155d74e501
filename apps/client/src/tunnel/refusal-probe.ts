import { createSocket } from 'node:dgram';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';

/** A refusal comes back as fast as an answer would. */
const TIMEOUT_MS = 1_000;

/**
 * Finds out why an address is silent: does its machine say that nothing listens on the port (ICMP port unreachable)?
 * The kernel tells that to connected sockets only, which a tunnel's is not.
 */
export function isRefused(target: Endpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const finish = (refused: boolean) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      socket.close();
      resolve(refused);
    };
    const timer = setTimeout(() => finish(false), TIMEOUT_MS);
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code === 'ECONNREFUSED'));
    socket.connect(target.port, formatIpv4(target.ip), () => socket.send(new Uint8Array(0)));
  });
}
