/** Listens, connects in each form of the library, says something, and closes all of it: then nothing holds the process. */
import { connectControl, listenControl, makeCertificate } from '@lightspeed/control/quic';

const listener = await listenControl({
  bind: { host: '127.0.0.1', port: 0 },
  ...(await makeCertificate()),
  onConnection: (connection) => void connection.whenClosed,
});
for (const mode of ['auto', 'portable', 'wasm'] as const) {
  const { host, port } = listener.endpoint;
  const connection = await connectControl({ host, port, mode, verify: { kind: 'pin', sha256: listener.pin } });
  await connection.openStream().send({ type: 'ping', timestampUs: 1n });
  await connection.close();
}
await listener.close();
console.log('closed');
