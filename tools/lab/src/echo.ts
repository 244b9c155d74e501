import type { Endpoint } from '@lightspeed/wire';
import { closeSocket, endpointOf, openLoopbackSocket } from './loopback-socket.ts';

/** A game server that sends every datagram back to where it came from. */
export interface Echo extends AsyncDisposable {
  readonly address: Endpoint;
}

/** @param heard told the address of whoever sends a datagram, `ADDR:PORT` */
export async function openEcho(at?: Endpoint, heard: (source: string) => void = () => undefined): Promise<Echo> {
  const socket = await openLoopbackSocket(at);
  socket.on('message', (bytes, { port, address }) => {
    heard(`${address}:${port}`);
    socket.send(bytes, port, address);
  });
  return { address: endpointOf(socket), [Symbol.asyncDispose]: () => closeSocket(socket) };
}
