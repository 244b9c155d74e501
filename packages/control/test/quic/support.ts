import { connectQuic } from '@currentspace/http3';
import type { QuicClientSession, QuicStream } from '@currentspace/http3';
import { onTestFinished } from 'vitest';
import type { OutgoingMessage } from '@lightspeed/control';
import { connectControl, CONTROL_ALPN, listenControl, makeCertificate, NODE_SERVER_NAME, pinOf } from '@lightspeed/control/quic';
import type {
  CertificateAndKey,
  ConnectOptions,
  ControlConnection,
  ControlListener,
  ControlStream,
  ListenOptions,
} from '@lightspeed/control/quic';

export const certificate: CertificateAndKey = await makeCertificate();
export const pin = pinOf(certificate.certificatePem);

/** A listener on loopback that ends with the test. Without `onConnection` it answers every message with itself. */
export async function listen(options: Partial<ListenOptions> = {}): Promise<ControlListener> {
  const bind = { host: '127.0.0.1', port: 0 };
  const listener = await listenControl({ bind, ...certificate, onConnection: echoAll, ...options });
  onTestFinished(() => listener.close());
  return listener;
}

/** A connection that ends with the test; by default it expects the listener's pin. */
export async function connect(listener: ControlListener, options: Partial<ConnectOptions> = {}): Promise<ControlConnection> {
  const { host, port } = listener.endpoint;
  const connection = await connectControl({ host, port, verify: { kind: 'pin', sha256: listener.pin }, ...options });
  onTestFinished(() => connection.close());
  return connection;
}

export function echoAll(connection: ControlConnection): void {
  void onEachStream(connection, async (stream) => {
    for await (const message of stream.messages()) {
      if (message.type !== 'refused') await stream.send(message);
    }
    stream.end();
  });
}

/** Serves every stream of a connection; how streams end is not of interest. */
export async function onEachStream(connection: ControlConnection, serve: (stream: ControlStream) => Promise<void>): Promise<void> {
  for await (const stream of connection.streams()) serve(stream).catch(() => undefined);
}

/** All that comes until it ends. */
export async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const got: T[] = [];
  for await (const one of source) got.push(one);
  return got;
}

export async function answer(stream: ControlStream, message: OutgoingMessage): Promise<unknown> {
  await stream.send(message);
  for await (const got of stream.messages()) return got;
  return 'nothing';
}

/** A client that knows nothing of this project: what it sends is up to the test. Its handshake has yet to come. */
export function rawSession(listener: ControlListener, alpn: string = CONTROL_ALPN): QuicClientSession {
  const { port } = listener.endpoint;
  const [host] = listener.hosts;
  const session = connectQuic(
    { address: host, port, servername: NODE_SERVER_NAME },
    { alpn: [alpn], rejectUnauthorized: false, connectTimeoutMs: 8_000 },
  );
  session.on('error', () => undefined);
  onTestFinished(() => session.close());
  return session;
}

export async function rawClient(listener: ControlListener, alpn?: string): Promise<QuicClientSession> {
  const session = rawSession(listener, alpn);
  await session.ready();
  return session;
}

/** How a stream of a raw client ended: the message of its error, or 'closed'. */
export function streamEnd(stream: QuicStream): Promise<string> {
  return new Promise((resolve) => {
    stream.once('error', (error) => resolve(error.message));
    stream.once('close', () => resolve('closed'));
  });
}

export function sessionEnd(session: QuicClientSession): Promise<{ errorCode: number; reason: string }> {
  return new Promise((resolve) => {
    session.once('close', resolve);
  });
}

/** The first connection of a listener, and the options that hand it out. */
export function firstConnection(): { onConnection: (connection: ControlConnection) => void; connection: Promise<ControlConnection> } {
  const { promise, resolve } = Promise.withResolvers<ControlConnection>();
  return { onConnection: resolve, connection: promise };
}
