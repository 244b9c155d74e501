import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { formatIpv4, parseIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';

const BUFFER_BYTES = 4 << 20;

/** A socket that takes addresses as numbers only: there is no name to look up, so that nothing waits. */
export function createLoopbackSocket(): Socket {
  return createSocket({ type: 'udp4', lookup: (name, _options, done) => done(null, name, 4) });
}

/** 127.0.0.1. */
export const LOOPBACK = 0x7f00_0001;

const ANY_PORT: Endpoint = { ip: LOOPBACK, port: 0 };

/** Binds to an address of loopback, with buffers so large that loss is the emulated link's doing. */
export function bindLoopback(socket: Socket, { ip, port }: Endpoint = ANY_PORT): void {
  socket.bind(port, formatIpv4(ip), () => {
    socket.setRecvBufferSize(BUFFER_BYTES);
    socket.setSendBufferSize(BUFFER_BYTES);
  });
}

/** A bound socket on loopback: on an ephemeral port of 127.0.0.1, unless told otherwise. */
export async function openLoopbackSocket(at?: Endpoint): Promise<Socket> {
  const socket = createLoopbackSocket();
  // It may be bound before `bindLoopback` returns.
  const listening = once(socket, 'listening');
  bindLoopback(socket, at);
  await listening;
  return socket;
}

/** Where a bound IPv4 socket is. */
export function endpointOf(socket: Socket): Endpoint {
  const { address, port } = socket.address();
  return { ip: parseIpv4(address) ?? 0, port };
}

/** Closes a socket, and waits until it is closed. */
export async function closeSocket(socket: Socket): Promise<void> {
  const closed = once(socket, 'close');
  socket.close();
  await closed;
}

/** An address of UDP on 127.0.0.1 that nobody uses, for programs that cannot let the system choose. */
export async function freeLoopbackEndpoint(): Promise<Endpoint> {
  const socket = await openLoopbackSocket();
  const endpoint = endpointOf(socket);
  await closeSocket(socket);
  return endpoint;
}
