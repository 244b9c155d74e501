import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { formatIpv4, parseIpv4 } from '@lightspeed/wire';
import type { Endpoint, SocketAddress } from '@lightspeed/wire';

const BUFFER_BYTES = 4 << 20;

/** A socket that takes addresses as numbers only: there is no name to look up, so that nothing waits. */
export function createLoopbackSocket(family: 4 | 6 = 4): Socket {
  return createSocket({ type: `udp${family}`, lookup: (name, _options, done) => done(null, name, family) });
}

/** 127.0.0.1. */
export const LOOPBACK = 0x7f00_0001;

const ANY_PORT: Endpoint = { ip: LOOPBACK, port: 0 };

/** An address of either family; IPv6 has only `::1`. */
export type LoopbackAddress = Endpoint | SocketAddress;

/** The IP address alone, as the text that sockets take. */
export function hostOf(address: LoopbackAddress): string {
  return 'host' in address ? address.host : formatIpv4(address.ip);
}

/** Binds to an address of loopback, with buffers so large that loss is the emulated link's doing. */
export function bindLoopback(socket: Socket, at: LoopbackAddress = ANY_PORT): void {
  socket.bind(at.port, hostOf(at), () => {
    socket.setRecvBufferSize(BUFFER_BYTES);
    socket.setSendBufferSize(BUFFER_BYTES);
  });
}

/** A bound socket on loopback: on an ephemeral port of 127.0.0.1, unless told otherwise. */
export async function openLoopbackSocket(at: LoopbackAddress = ANY_PORT): Promise<Socket> {
  const socket = createLoopbackSocket(isIP(hostOf(at)) === 6 ? 6 : 4);
  // It may be bound before `bindLoopback` returns.
  const listening = once(socket, 'listening');
  bindLoopback(socket, at);
  await listening;
  return socket;
}

/** Where a socket is bound; the ip of an IPv6 one is 0. */
export function endpointOf(socket: Socket): Endpoint {
  const { address, port } = socket.address();
  return { ip: parseIpv4(address) ?? 0, port };
}

/** An address of UDP on 127.0.0.1 that nobody uses, for programs that cannot let the system choose. */
export async function freeLoopbackEndpoint(): Promise<Endpoint> {
  await using socket = await openLoopbackSocket();
  return endpointOf(socket);
}
