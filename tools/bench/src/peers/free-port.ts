import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { formatIpv4 } from '@lightspeed/wire';

/** A UDP port that nobody uses, for programs that cannot let the system choose. */
export async function freePort(ip: number): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, formatIpv4(ip));
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}
