/** Runs where the library's native code cannot be loaded, and says what became of it. */
import { connectControl, listenControl, makeCertificate, QuicError, quicAvailability } from '@lightspeed/control/quic';

const port = Number(process.argv[2]);
const node = { host: '127.0.0.1', port, verify: { kind: 'insecure' } } as const;

function codeOf(thrown: unknown): string {
  return thrown instanceof QuicError ? thrown.code : String(thrown);
}

const bind = { host: '127.0.0.1', port: 0 };
const listening = listenControl({ bind, ...(await makeCertificate()), onConnection: () => undefined });
const listener = await listening.then(() => 'listens', codeOf);
const native = await connectControl({ ...node, mode: 'native' }).then(() => 'connects', codeOf);

const connection = await connectControl(node);
const stream = connection.openStream();
await stream.send({ type: 'ping', timestampUs: 1n });
let answer = 'none';
for await (const message of stream.messages()) {
  answer = message.type;
  break;
}
console.log(JSON.stringify({ availability: await quicAvailability(), listener, native, runtime: connection.runtime, answer }));
await connection.close();
