import { createSocket } from 'node:dgram';
import { exchange } from './match.ts';

/*
 * A game in a process of its own, for network namespaces. `server IP PORT` answers each datagram with its own bytes until it is ended.
 * `player PORT` plays on 127.0.0.1, and prints how many of 50 datagrams were answered.
 */

const [role, first, second] = process.argv.slice(2);
if (role === 'server') {
  const socket = createSocket('udp4');
  socket.on('message', (payload, { port, address }) => socket.send(payload, port, address));
  socket.bind(Number(second), first, () => console.log('the game server answers'));
} else {
  console.log(`answered ${await exchange(Number(first))}`);
}
