import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/*
 * A game server at each address of the command line, `ADDRESS PORT...`: by UDP and by TCP it answers with the address that it sees.
 */
const [address, ...ports] = process.argv.slice(2);

for (const port of ports.map(Number)) {
  const udp = createSocket('udp4');
  udp.on('message', (_message, from) => udp.send(`sees ${from.address}`, from.port, from.address));
  await new Promise<void>((resolve) => udp.bind(port, address, resolve));
  const tcp = createServer((socket) => socket.end(`sees ${socket.remoteAddress}`));
  await new Promise<void>((resolve) => tcp.listen(port, address, resolve));
}
console.log('ready');
