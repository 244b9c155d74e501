/**
 * The program that Deno runs: QUIC without ALPN, told what to do on its standard input, telling what happens on its standard
 * output (`bridge-messages.ts`). It is given no rights but the network, and ends with its standard input.
 *
 * @module
 */
import type { BridgeEvent, Command, Connect, Listen } from './bridge-messages.ts';
import type { Deno as DenoApi, QuicConnection, QuicStream } from './deno.ts';

declare const Deno: DenoApi;

/** Neither a name nor a list of them is offered, or accepted: that is what this program is for. */
const NO_ALPN = { alpnProtocols: [], maxConcurrentUnidirectionalStreams: 0 } as const;

const LAST_PACKETS_MS = 50;

interface OpenStream {
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
}

interface OpenConnection {
  readonly quic: QuicConnection;
  /** A stream that is being opened is there already. */
  readonly streams: Map<number, Promise<OpenStream>>;
}

const connections = new Map<number, OpenConnection>();
let stopped: { readonly closeCode: number; readonly reason: string } | undefined;
const encoder = new TextEncoder();

function tell(event: BridgeEvent): void {
  let rest = encoder.encode(`${JSON.stringify(event)}\n`);
  while (rest.length > 0) rest = rest.subarray(Deno.stdout.writeSync(rest));
}

/** The last packets leave in turns of the event loop to come. */
function exitSoon(): void {
  setTimeout(() => Deno.exit(), LAST_PACKETS_MS);
}

function whyOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

async function listen(options: Listen): Promise<void> {
  const { host, port, certificatePem: cert, privateKeyPem: key, maxConnections } = options;
  const endpoint = new Deno.QuicEndpoint({ hostname: host, port });
  const listener = endpoint.listen({
    ...NO_ALPN,
    cert,
    key,
    maxIdleTimeout: options.idleTimeoutMs,
    maxConcurrentBidirectionalStreams: options.maxStreams,
  });
  tell({ event: 'listening', host: endpoint.addr.hostname, port: endpoint.addr.port });
  let count = 0;
  let next = 0;
  for await (const incoming of listener) {
    if (count >= maxConnections) {
      incoming.ignore();
      continue;
    }
    count += 1;
    void incoming
      .accept()
      .then((quic) => serve(next++, quic))
      .catch((thrown: unknown) => tell({ event: 'handshake-failed', why: whyOf(thrown) }))
      .finally(() => {
        count -= 1;
      });
  }
}

async function connect(options: Connect): Promise<void> {
  const { host: hostname, port, serverName, keepaliveMs } = options;
  const quic = await Deno.connectQuic({
    ...NO_ALPN,
    hostname,
    port,
    // Its own would be one of IPv6, which not every machine has.
    endpoint: new Deno.QuicEndpoint({ hostname: hostname.includes(':') ? '::' : '0.0.0.0', port: 0 }),
    serverName,
    caCerts: options.authoritiesPem,
    maxIdleTimeout: options.idleTimeoutMs,
    maxConcurrentBidirectionalStreams: options.maxStreams,
    ...(keepaliveMs > 0 ? { keepAliveInterval: keepaliveMs } : {}),
  });
  await serve(0, quic);
  exitSoon();
}

/** Until the connection ends. */
async function serve(connection: number, quic: QuicConnection): Promise<void> {
  if (stopped !== undefined) {
    quic.close(stopped);
    return;
  }
  const open: OpenConnection = { quic, streams: new Map() };
  connections.set(connection, open);
  tell({ event: 'connected', connection, host: quic.remoteAddr.hostname, port: quic.remoteAddr.port });
  void acceptStreams(connection, open);
  try {
    const { closeCode, reason } = await quic.closed;
    tell({ event: 'closed', connection, code: closeCode, reason });
  } catch (thrown) {
    const why = whyOf(thrown);
    tell({ event: 'closed', connection, code: 0, reason: why === 'timed out' ? 'idle timeout' : why });
  }
  connections.delete(connection);
}

async function acceptStreams(connection: number, { quic, streams }: OpenConnection): Promise<void> {
  try {
    for await (const accepted of quic.incomingBidirectionalStreams) {
      const stream = Number(accepted.writable.id);
      tell({ event: 'stream', connection, stream });
      streams.set(stream, Promise.resolve(attend(connection, stream, accepted, streams)));
    }
  } catch {
    // The connection has ended, and says so itself.
  }
}

function attend(connection: number, stream: number, { readable, writable }: QuicStream, streams: OpenConnection['streams']): OpenStream {
  const open = { reader: readable.getReader(), writer: writable.getWriter() };
  const read = pump(connection, stream, open.reader);
  void Promise.allSettled([read, open.writer.closed]).then(() => streams.delete(stream));
  return open;
}

async function pump(connection: number, stream: number, reader: OpenStream['reader']): Promise<void> {
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const text = Array.from(value, (byte) => String.fromCharCode(byte)).join('');
      tell({ event: 'data', connection, stream, bytes: btoa(text) });
    }
    tell({ event: 'ended', connection, stream });
  } catch (thrown) {
    tell({ event: 'broken', connection, stream, why: whyOf(thrown) });
  }
}

async function openStream(connection: number, stream: number, { quic, streams }: OpenConnection): Promise<OpenStream> {
  try {
    return attend(connection, stream, await quic.createBidirectionalStream(), streams);
  } catch (thrown) {
    tell({ event: 'broken', connection, stream, why: whyOf(thrown) });
    throw thrown;
  }
}

async function write(connection: number, stream: number, to: Promise<OpenStream>, bytes: string): Promise<void> {
  let failed: string | undefined;
  try {
    const { writer } = await to;
    await writer.write(Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0)));
  } catch (thrown) {
    failed = whyOf(thrown);
  }
  tell({ event: 'written', connection, stream, failed });
}

function stop(closeCode: number, reason: string): void {
  stopped ??= { closeCode, reason };
  for (const { quic } of connections.values()) quic.close(stopped);
}

function obey(command: Command): void {
  if (command.command === 'listen' || command.command === 'connect') {
    if (typeof Deno.QuicEndpoint !== 'function') {
      tell({ event: 'unable', why: 'this Deno has no QUIC: 2.9 or newer is needed' });
      Deno.exit(1);
    }
    const begun = command.command === 'listen' ? listen(command) : connect(command);
    begun.catch((thrown: unknown) => {
      tell({ event: 'unable', why: whyOf(thrown) });
      Deno.exit(1);
    });
    return;
  }
  if (command.command === 'stop') {
    stop(command.code, command.reason);
    return;
  }
  const open = connections.get(command.connection);
  if (command.command === 'close') {
    open?.quic.close({ closeCode: command.code, reason: command.reason });
    return;
  }
  const { connection, stream } = command;
  if (command.command === 'open') {
    if (open === undefined) return;
    const opening = openStream(connection, stream, open);
    opening.catch(() => undefined);
    open.streams.set(stream, opening);
    return;
  }
  const to = open?.streams.get(stream) ?? Promise.reject(new Error('the stream or its connection has ended'));
  if (command.command === 'write') {
    void write(connection, stream, to, command.bytes);
    return;
  }
  void finish(to, command.command === 'reset');
}

async function finish(stream: Promise<OpenStream>, atOnce: boolean): Promise<void> {
  try {
    const { reader, writer } = await stream;
    if (!atOnce) await writer.close();
    else await Promise.all([reader.cancel(), writer.abort()]);
  } catch {
    // It has ended already.
  }
}

// Terminals and service managers send these to every process of a program: this one ends with the one that has begun it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  try {
    Deno.addSignalListener(signal, () => undefined);
  } catch {
    // Windows has no SIGTERM.
  }
}

let unread = '';
const decoder = new TextDecoder();
for await (const bytes of Deno.stdin.readable) {
  const lines = (unread + decoder.decode(bytes, { stream: true })).split('\n');
  unread = lines.pop() ?? '';
  for (const line of lines) obey(JSON.parse(line) as Command);
}
stop(0, '');
exitSoon();
