import type { Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import type { Port } from '@lightspeed/wire';
import type { SocketOptions } from '../engine.ts';
import { DEFAULT_BUFFER_BYTES } from '../options.ts';
import { lookUpAddress } from './look-up-address.ts';

/** What a socket of node:dgram is opened with: addresses as it wants them. */
export interface NodeSocketOptions extends Pick<
  SocketOptions,
  'port' | 'dualStack' | 'reusePort' | 'receiveBufferBytes' | 'sendBufferBytes'
> {
  readonly isIpv6: boolean;
  readonly address: string;
  readonly connect: { readonly address: string; readonly port: Port } | undefined;
}

/** The errno name of an error of node:dgram. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EIO';
}

/**
 * A bound socket, or the errno name of what was refused.
 * @param failed told of errors after that
 */
export function openNodeSocket(options: NodeSocketOptions, failed: (errno: string) => void): Socket | string {
  const socket = createSocket({
    type: options.isIpv6 ? 'udp6' : 'udp4',
    ipv6Only: options.isIpv6 && options.dualStack !== true,
    reusePort: options.reusePort === true,
    lookup: lookUpAddress,
  });
  let refusal = '';
  let opening = true;
  socket.on('error', (error) => {
    if (opening) refusal ||= errnoOf(error);
    else failed(errnoOf(error));
  });
  try {
    socket.bind({ address: options.address, port: options.port, exclusive: true });
    if (refusal === '' && options.connect !== undefined) socket.connect(options.connect.port, options.connect.address);
    if (refusal === '') {
      grow(() => socket.setRecvBufferSize(options.receiveBufferBytes ?? DEFAULT_BUFFER_BYTES));
      grow(() => socket.setSendBufferSize(options.sendBufferBytes ?? DEFAULT_BUFFER_BYTES));
      return socket;
    }
  } catch (error) {
    refusal = errnoOf(error);
  } finally {
    opening = false;
  }
  socket.close();
  return refusal;
}

/** Some systems refuse sizes over their limit instead of cutting them; the default then stays. */
function grow(set: () => void): void {
  try {
    set();
  } catch (error) {
    if (errnoOf(error) !== 'ERR_SOCKET_BUFFER_SIZE') throw error;
  }
}
