import { createSocket } from 'node:dgram';

/** Somebody else's tunnel that only forwards: `forwarder.ts LISTEN TO`, each ADDR:PORT. */
const [listen, to] = process.argv.slice(2).map((text) => ({ address: text.replace(/:.*/, ''), port: Number(text.replace(/.*:/, '')) }));
let source: { readonly address: string; readonly port: number } | undefined;
const socket = createSocket('udp4');
socket.on('message', (bytes, from) => {
  const isBack = from.port === to.port;
  if (!isBack) source = from;
  const next = isBack ? source : to;
  if (next !== undefined) socket.send(bytes, next.port, next.address);
});
socket.bind(listen.port, listen.address);
