import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { parseIpv4 } from '@lightspeed/wire';

/** A documentation address (RFC 5737): somewhere outside. Nothing is sent there. */
const OUTSIDE = '192.0.2.1';

/** The local address that the system would send from; undefined if it has no way out. Behind a NAT it is a private one. */
export async function ownEgressIp(): Promise<number | undefined> {
  const socket = createSocket('udp4');
  try {
    socket.connect(9, OUTSIDE);
    await once(socket, 'connect');
    return parseIpv4(socket.address().address);
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}
