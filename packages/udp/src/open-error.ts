import type { SocketOptions } from './engine.ts';
import { UdpError } from './errors.ts';
import { dotted } from './ipv4.ts';

/** The error for a socket that the system refused. */
export function openError(options: SocketOptions, errno: string): UdpError {
  return new UdpError('ERR_UDP_OPEN', `cannot open a UDP socket on ${dotted(options.ip)}:${options.port}: ${errno}`, {
    errno,
  });
}
