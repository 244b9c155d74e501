import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/*
 * A program like a game, for servers `ADDRESS PORT,PORT...`. It has a UDP socket for each list of ports. By that it asks each port until
 * it has been answered from exactly the address that it asked, and by TCP once. It prints what the servers see, and ends.
 */
const AGAIN_MS = 200;
const [address, ...lists] = process.argv.slice(2);

function askByUdp(ports: readonly string[]): void {
  const socket = createSocket('udp4');
  const open = new Set(ports);
  const ask = () => {
    for (const port of open) socket.send('hello', Number(port), address);
  };
  const timer = setInterval(ask, AGAIN_MS);
  socket.on('message', (message, from) => {
    if (from.address !== address || !open.delete(String(from.port))) return;
    console.log(`udp ${from.port} ${message.toString()}`);
    if (open.size > 0) return;
    clearInterval(timer);
    socket.close();
  });
  ask();
}

for (const list of lists) {
  const ports = list.split(',');
  askByUdp(ports);
  for (const port of ports) console.log(`tcp ${port} ${await text(connect(Number(port), address))}`);
}
